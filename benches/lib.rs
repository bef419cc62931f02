//! Benchmarks only; see `issuance/` and `README.md`.
