//! How long callers of the gateway may take, and how much is held of them.

use std::time::Duration;

use clap::Args;
use sluice_gateway::{BodyPatience, GatewayConfig};
use sluice_listener::{LeastRate, Limits};

/// Flags of `sluice serve` for what callers may take. The console's own door has the defaults.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct LimitArgs {
    /// How long a TLS handshake and the head of a request may take, in seconds. Then the connection
    /// is closed.
    #[arg(long, env = "SLUICE_HEAD_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub head_timeout: u64,
    /// How long a connection may do nothing between two requests, in seconds. Then it is closed.
    #[arg(long, env = "SLUICE_IDLE_TIMEOUT", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub idle_timeout: u64,
    /// How long the body of a request may take, in seconds. Then it is answered with 408.
    #[arg(long, env = "SLUICE_BODY_TIMEOUT", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_timeout: u64,
    /// How long nothing may come of the body of a request, in seconds; not longer than --body-timeout.
    /// Then it is answered with 408.
    #[arg(long, env = "SLUICE_BODY_PAUSE", default_value_t = 8, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_pause: u64,
    /// How many bytes of the body of a request have to come in a second, after 10 s; 0 for any number.
    /// A slower one is answered with 408.
    #[arg(long, env = "SLUICE_BODY_RATE", default_value_t = 1024, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub body_rate: u32,
    /// How long a caller may take nothing of an answer, in seconds. Then the connection is closed.
    #[arg(long, env = "SLUICE_ANSWER_PAUSE", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub answer_pause: u64,
    /// How many bytes of an answer a caller has to take in a second, after --answer-pause; 0 for any
    /// number. The connection of a slower one is closed.
    #[arg(long, env = "SLUICE_ANSWER_RATE", default_value_t = 1024, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub answer_rate: u32,
    /// Most that the bodies of all requests have together, in MB. A further one is answered with 503.
    #[arg(long, env = "SLUICE_BODIES_MB", default_value_t = 256, value_name = "MB", value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    pub bodies_mb: u32,
    /// Most that all answers have together which were not taken yet, in MB; a quarter of it is for those
    /// of at most 64 KB. Instead of a further one there is a 503.
    #[arg(long, env = "SLUICE_ANSWERS_MB", default_value_t = 256, value_name = "MB", value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    pub answers_mb: u32,
}

impl Default for LimitArgs {
    /// Without any of the flags.
    fn default() -> Self {
        Self {
            head_timeout: 10,
            idle_timeout: 60,
            body_timeout: 60,
            body_pause: 8,
            body_rate: 1024,
            answer_pause: 60,
            answer_rate: 1024,
            bodies_mb: 256,
            answers_mb: 256,
        }
    }
}

impl LimitArgs {
    /// Refuses what contradicts itself.
    pub fn check(&self) -> Result<(), String> {
        match self.body_pause <= self.body_timeout {
            true => Ok(()),
            false => Err(format!(
                "--body-pause, {} s, is longer than --body-timeout, {} s",
                self.body_pause, self.body_timeout
            )),
        }
    }

    /// Those that the doors of the gateway keep.
    pub fn of_doors(&self) -> Limits {
        let defaults = Limits::default();
        Limits {
            head: Duration::from_secs(self.head_timeout),
            idle: Duration::from_secs(self.idle_timeout),
            body: LeastRate {
                bytes_per_second: self.body_rate,
                ..defaults.body
            },
            answer: LeastRate {
                bytes_per_second: self.answer_rate,
                grace: Duration::from_secs(self.answer_pause),
            },
            ..defaults
        }
    }

    /// Those that the gateway keeps, put into its configuration.
    pub fn of_gateway(&self, config: GatewayConfig) -> GatewayConfig {
        let bytes = |mb: u32| mb as usize * 1024 * 1024;
        GatewayConfig {
            body_patience: BodyPatience {
                piece: Duration::from_secs(self.body_pause),
                whole: Duration::from_secs(self.body_timeout),
            },
            bodies_bytes: bytes(self.bodies_mb),
            answers_bytes: bytes(self.answers_mb),
            ..config
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: LimitArgs,
    }

    fn check(line: &str) -> Result<LimitArgs, String> {
        let words = ["sluice"].into_iter().chain(line.split_whitespace());
        let limits = Line::try_parse_from(words).map_err(|error| format!("{:?}", error.kind()))?;
        limits.limits.check().map(|()| limits.limits)
    }

    #[test]
    fn the_defaults_are_those_of_the_parts() {
        let limits = check("").unwrap();
        assert_eq!(limits, LimitArgs::default());
        assert_eq!(limits.of_doors(), Limits::default());
        let (own, default) = (
            limits.of_gateway(GatewayConfig::default()),
            GatewayConfig::default(),
        );
        assert_eq!(own.body_patience, default.body_patience);
        assert_eq!(own.bodies_bytes, default.bodies_bytes);
        assert_eq!(own.answers_bytes, default.answers_bytes);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let limits = check("--answer-rate 0 --answer-pause 150 --idle-timeout 5").unwrap();
        assert_eq!(limits.of_doors().answer.bytes_per_second, 0);
        assert_eq!(limits.of_doors().answer.grace, Duration::from_secs(150));
        assert_eq!(limits.of_doors().idle, Duration::from_secs(5));
        for wrong in [
            "--head-timeout 0",
            "--body-rate -1",
            "--answers-mb 0",
            "--idle-timeout 1.5",
        ] {
            let kind = check(wrong).unwrap_err();
            assert!(
                ["ValueValidation", "UnknownArgument"].contains(&kind.as_str()),
                "{wrong}: {kind}"
            );
        }
        assert_eq!(
            check("--body-pause 90").unwrap_err(),
            "--body-pause, 90 s, is longer than --body-timeout, 60 s"
        );
    }
}
