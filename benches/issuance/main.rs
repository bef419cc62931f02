//! What issuing costs: build and sign, seal, and the whole way from evidence to transaction bytes, at three sizes of
//! files; beside it the bare primitives that the format demands on the same bytes.
//!
//! `cargo bench` runs all; ratios within one run are what counts. It measures the time that a core works, not what a clock shows.

#![expect(clippy::unwrap_used, reason = "a benchmark fails loudly")]

mod candidates;
mod cpu_time;
mod primitives;
mod work;

use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};

use crate::cpu_time::CpuTime;
use crate::work::Work;

/// Bytes of all files together; each person has four.
const SIZES: [usize; 3] = [0, 100_000, 1_000_000];

fn issuance(criterion: &mut Criterion<CpuTime>) {
    for size in SIZES {
        let work = Work::new(size);
        let mut group = criterion.benchmark_group(format!("{size}"));
        group.sampling_mode(SamplingMode::Flat);
        // The evidence is consumed, so each run gets its own; copying it is not measured.
        group.bench_function("build-sign", |b| {
            b.iter_batched(|| work.evidence(), |evidence| work.sign(evidence), BatchSize::LargeInput);
        });
        group.bench_function("seal", |b| {
            b.iter_batched(|| work.sign(work.evidence()), |signed| work.seal(signed), BatchSize::LargeInput);
        });
        group.bench_function("transaction", |b| {
            let sealed = work.seal(work.sign(work.evidence()));
            b.iter(|| work.transaction(&sealed));
        });
        group.bench_function("whole", |b| {
            b.iter_batched(|| work.evidence(), |evidence| work.whole(evidence), BatchSize::LargeInput);
        });
        let bare = primitives::Bare::of(&work);
        group.bench_function("primitives", |b| b.iter(|| bare.run()));
        group.bench_function("primitives-and-small-signatures", |b| {
            b.iter(|| bare.run_with_small_signatures());
        });
        for (name, part) in primitives::Bare::parts() {
            group.bench_function(format!("part/{name}"), |b| b.iter(|| part(&bare)));
        }
        group.finish();
    }
}

/// Bytes of all files together where contents go to a blob gateway, which takes about 16 MB.
const SIZES_AT_THE_GATEWAY: [usize; 3] = [1_000_000, 5_000_000, 16_000_000];

/// The same where contents go to a blob gateway: identified and uploaded, in place of a transaction that holds them.
fn at_the_gateway(criterion: &mut Criterion<CpuTime>) {
    for size in SIZES_AT_THE_GATEWAY {
        let work = Work::new(size);
        let mut group = criterion.benchmark_group(format!("gateway/{size}"));
        group.sampling_mode(SamplingMode::Flat).sample_size(15);
        group.bench_function("seal", |b| {
            let signed = || work.sign(work.evidence());
            b.iter_batched(signed, |signed| work.seal_by_reference(signed), BatchSize::PerIteration);
        });
        group.bench_function("whole", |b| {
            b.iter_batched(
                || work.evidence(),
                |evidence| work.whole_by_reference(evidence),
                BatchSize::PerIteration,
            );
        });
        let bare = primitives::Bare::by_reference(&work);
        group.bench_function("primitives", |b| b.iter(|| bare.run_by_reference()));
        group.bench_function("part/identifiers", |b| b.iter(|| bare.identifiers()));
        group.bench_function("part/xsalsa20poly1305", |b| b.iter(|| bare.boxes()));
        group.finish();
    }
}

/// Libraries that do the same.
fn candidates(criterion: &mut Criterion<CpuTime>) {
    for length in candidates::LENGTHS {
        let mut group = criterion.benchmark_group(format!("candidates/{length}"));
        group.sampling_mode(SamplingMode::Flat).sample_size(15);
        for (name, mut run) in candidates::all(length) {
            group.bench_function(name, |b| b.iter(&mut run));
        }
        group.finish();
    }
}

fn short() -> Criterion<CpuTime> {
    Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(30)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
}

criterion_group!(name = benches; config = short(); targets = issuance, at_the_gateway, candidates);
criterion_main!(benches);
