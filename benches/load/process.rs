//! What processes use, as Linux counts it in `/proc`.

use std::path::Path;
use std::time::Duration;

/// Ticks of processor time in a second (`USER_HZ`), which Linux has fixed for programs.
const TICKS: u64 = 100;

/// Processor time of a process so far, in user and system mode, threads and ended children that were waited for
/// included. Nothing for a process that is gone.
pub(crate) fn cpu(pid: u32) -> Duration {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return Duration::ZERO };
    // The second field, a name in parentheses, may hold spaces.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = fields.iter().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}

/// Processor time of a process and its children.
pub(crate) fn cpu_of_family(pid: u32) -> Duration {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).map(cpu).sum::<Duration>() + cpu(pid)
}

/// The child of a process, whichever of its threads has started it, that runs the program `name`.
pub(crate) fn child(pid: u32, name: &str) -> Option<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|text| text.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>())
        .collect();
    let runs = |child: &u32| {
        std::fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|text| text.trim_end() == name)
    };
    children.into_iter().find(runs)
}

/// The PostgreSQL server that listens at `port` of this machine.
pub(crate) fn postgres_at(port: u16) -> Option<u32> {
    let wanted = format!("-p\0{port}\0");
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let arguments = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
        (arguments.contains(&wanted) && arguments.split('\0').next()?.ends_with("postgres")).then_some(pid)
    })
}

/// The most memory that a process has had resident so far, in bytes.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default()
        * 1024
}

/// How busy the machine has been in the last minute.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// How long it takes to append to a file in `folder` and have it on the disk: the median.
pub(crate) fn sync_time(folder: &Path) -> std::io::Result<Duration> {
    use std::io::Write as _;

    let path = folder.join("sync");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..51 {
        let start = std::time::Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times.get(25).copied().unwrap_or_default())
}
