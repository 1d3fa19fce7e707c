//! Writes the gateway's access log, on a thread of its own: callers never wait for a disk.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use sluice_gateway::AccessLog;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

/// A log that is appended to `path`, or goes to standard output for `-`. The guard writes what is
/// left when it is dropped. Where the disk cannot keep up for more than 128,000 lines, further ones
/// are left out.
pub fn open(path: &Path) -> io::Result<(AccessLog, WorkerGuard)> {
    let file: Box<dyn Write + Send> = match path.as_os_str() == "-" {
        true => Box::new(io::stdout()),
        false => {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            Box::new(options.open(path)?)
        }
    };
    let (writer, guard) = NonBlockingBuilder::default().finish(file);
    let log = AccessLog(Arc::new(move |line| {
        if let Ok(mut line) = serde_json::to_vec(line) {
            line.push(b'\n');
            // It only fails when the thread has ended, which is when the server does.
            let _ = writer.clone().write_all(&line);
        }
    }));
    Ok((log, guard))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_gateway::AccessLine;

    #[test]
    fn lines_are_appended_and_all_are_there_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        std::fs::write(&path, "first\n").unwrap();
        let (log, guard) = open(&path).unwrap();
        for _ in 0..1000 {
            (log.0)(&AccessLine {
                time: String::new(),
                request_id: "1",
                remote_addr: None,
                request_method: "GET",
                scheme: "https",
                host: "",
                uri: "/a\n\"b",
                http_user_agent: "",
                status: 200,
                bytes_sent: 0,
                request_time: 0.25,
                api: None,
                app_id: None,
                access_key_id: None,
                user_name: None,
                invocation_id: None,
                apig_err_code: None,
            });
        }
        drop(guard);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("first"));
        let lines: Vec<serde_json::Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 1000);
        assert_eq!(lines[999]["uri"], "/a\n\"b");
        assert!(open(folder.path()).is_err());
    }
}
