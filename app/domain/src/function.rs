//! A function and its settings.

use serde::{Deserialize, Serialize};

use crate::concurrency::Concurrency;
use crate::env_vars::EnvVars;
use crate::parsed::{named_enum, parsed_string};

/// Name of a function: 1 to 60 characters; a letter first, a letter or digit
/// last; letters, digits, hyphens and underscores. It cannot be changed later.
/// Source: Create Function page, `FSS.1002`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FunctionName(String);

/// Why a text is not a [`FunctionName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFunctionName {
    /// It has none, or more than 60 characters.
    #[error("must have 1 to 60 characters, has {0}")]
    Length(usize),
    /// It starts with something other than a letter.
    #[error("must start with a letter")]
    Start,
    /// It ends with a hyphen or an underscore.
    #[error("must end with a letter or digit")]
    End,
    /// It has a character that is not allowed.
    #[error("may contain only letters, digits, hyphens and underscores, not {0:?}")]
    Character(char),
}

impl FunctionName {
    /// Most characters a name may have.
    pub const MAX_CHARS: usize = 60;

    /// Parses a function name.
    pub fn parse(text: &str) -> Result<Self, InvalidFunctionName> {
        use InvalidFunctionName as Invalid;
        let chars = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Invalid::Start);
        }
        if let Some(c) = text
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        {
            return Err(Invalid::Character(c));
        }
        if !text.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(Invalid::End);
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_string!(FunctionName, InvalidFunctionName);

named_enum! {
    /// The language of a function. It cannot be changed later.
    pub enum Runtime ("the runtime") {
        /// CPython 3.12.
        Python312 = "Python3.12", "Python 3.12";
        /// CPython 3.14, which has SQLite besides.
        Python314 = "Python3.14", "Python 3.14";
        /// JavaScript on StarlingMonkey, which is not Node.js: so it bears no version of it.
        JavaScript = "JavaScript", "JavaScript (StarlingMonkey)";
        /// A WebAssembly component that the user built, in any language.
        WebAssembly = "WebAssembly", "WebAssembly component";
    }
}

impl Runtime {
    /// The file that a new function of this runtime starts with.
    pub fn default_file(self) -> &'static str {
        match self {
            Self::Python312 | Self::Python314 => "index.py",
            Self::JavaScript => "index.js",
            Self::WebAssembly => "README.md",
        }
    }

    /// The code that a new function of this runtime starts with: an answer that
    /// works from Test and from a browser alike, or how to get to one.
    pub fn template(self) -> &'static str {
        match self {
            Self::Python312 | Self::Python314 => PYTHON_TEMPLATE,
            Self::JavaScript => JAVASCRIPT_TEMPLATE,
            Self::WebAssembly => COMPONENT_TEMPLATE,
        }
    }

    /// The file that a handler names, for example `src/index.py`.
    pub fn handler_file(self, handler: &Handler) -> String {
        format!("{}{}", handler.file(), self.file_ending())
    }

    /// The ending of the file that a handler names, with its dot.
    pub fn file_ending(self) -> &'static str {
        match self {
            Self::Python312 | Self::Python314 => ".py",
            Self::JavaScript => ".js",
            Self::WebAssembly => ".wasm",
        }
    }

    /// True for a file of this runtime's code, which has to be without errors. What packages
    /// from npm bring along is not all meant to be run, such as their tests.
    pub fn is_code(self, path: &str) -> bool {
        let (folders, _) = path.rsplit_once('/').unwrap_or_default();
        if folders.split('/').any(|folder| folder == "node_modules") {
            return false;
        }
        let endings: &[&str] = match self {
            Self::Python312 | Self::Python314 => &[".py"],
            Self::JavaScript => &[".js", ".mjs", ".cjs"],
            // A component is checked as a whole, when it is compiled.
            Self::WebAssembly => &[],
        };
        endings.iter().any(|ending| path.ends_with(ending))
    }
}

const PYTHON_TEMPLATE: &str = r#"# -*- coding:utf-8 -*-
import json


def handler(event, context):
    return {
        "statusCode": 200,
        "isBase64Encoded": False,
        "body": json.dumps(event),
        "headers": {
            "Content-Type": "application/json",
        },
    }
"#;

const JAVASCRIPT_TEMPLATE: &str = r#"exports.handler = async (event, context) => {
    return {
        statusCode: 200,
        isBase64Encoded: false,
        body: JSON.stringify(event),
        headers: {
            "Content-Type": "application/json",
        },
    };
};
"#;

const COMPONENT_TEMPLATE: &str = r#"# This function waits for its component

Build a WebAssembly component in any language and upload it: **Upload**, a .wasm file, or a ZIP
archive that has it as index.wasm beside files that it reads under code/.

It exports one of these:

- `handle` of the world `sluice:function/component@0.1.0`: JSON in, JSON out;
- `wasi:http/incoming-handler@0.2`: an HTTP server, called by an APIG trigger or by a test event
  of that form.

docs/webassembly.md of Sluice's sources says what it may import; examples/ has some, with how
they are built.
"#;

/// Where a function begins: `file.function`, the file without its ending and
/// with `/` for folders, for example `index.handler` or `src/index.handler`;
/// 3 to 128 characters. Source: `FSS.1003`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handler(String);

/// Why a text is not a [`Handler`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHandler {
    /// It has fewer than 3 or more than 128 characters.
    #[error("must have 3 to 128 characters, has {0}")]
    Length(usize),
    /// It has no dot between file and function, or more than one.
    #[error("must have the form file.function, for example index.handler")]
    Form,
    /// It has a character that is not allowed.
    #[error(
        "may contain only letters, digits, underscores, hyphens, one dot and slashes between folders, not {0:?}"
    )]
    Character(char),
}

impl Handler {
    /// Parses a handler.
    pub fn parse(text: &str) -> Result<Self, InvalidHandler> {
        use InvalidHandler as Invalid;
        let chars = text.chars().count();
        if !(3..=128).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        if let Some(c) = text
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')))
        {
            return Err(Invalid::Character(c));
        }
        let (file, function) = text.split_once('.').ok_or(Invalid::Form)?;
        let plain = |part: &str| !part.is_empty();
        let function_right = plain(function)
            && !function.contains(['.', '/', '-'])
            && !function.starts_with(|c: char| c.is_ascii_digit());
        if !function_right || !file.split('/').all(plain) {
            return Err(Invalid::Form);
        }
        Ok(Self(text.to_owned()))
    }

    /// The file without its ending: `src/index` of `src/index.handler`.
    pub fn file(&self) -> &str {
        self.0.split_once('.').map_or("", |(file, _)| file)
    }

    /// The function: `handler` of `src/index.handler`.
    pub fn function(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, function)| function)
    }
}

impl Default for Handler {
    /// `index.handler`, the default of Python and Node.js.
    fn default() -> Self {
        Self("index.handler".to_owned())
    }
}

parsed_string!(Handler, InvalidHandler);

/// Memory of one instance in MB: one of a fixed list. Source: Basic Settings, `FSS.1007`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct MemoryMb(u32);

/// A number of MB that is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584 or 4096 MB, not {0}"
)]
pub struct InvalidMemory(pub u32);

impl MemoryMb {
    /// What is offered. The vendor also has 8192 and 10240: a WebAssembly
    /// memory of 32-bit addresses ends at 4 GB.
    pub const CHOICES: &'static [u32] = &[
        128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096,
    ];

    /// The number of MB.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0) * 1024 * 1024
    }

    /// CPU that belongs to this memory, in thousandths of a core: 128 MB are 300.
    pub fn cpu_millicores(self) -> u32 {
        self.0 * 100 / 128 + 200
    }
}

impl Default for MemoryMb {
    fn default() -> Self {
        Self(128)
    }
}

impl TryFrom<u32> for MemoryMb {
    type Error = InvalidMemory;

    fn try_from(mb: u32) -> Result<Self, InvalidMemory> {
        Self::CHOICES
            .contains(&mb)
            .then_some(Self(mb))
            .ok_or(InvalidMemory(mb))
    }
}

impl From<MemoryMb> for u32 {
    fn from(memory: MemoryMb) -> u32 {
        memory.0
    }
}

/// A timeout: 1 to `MAX` whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Seconds<const MAX: u32>(u32);

/// A number of seconds out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {max} seconds, not {given}")]
pub struct InvalidSeconds {
    /// Most that there may be.
    pub max: u32,
    /// What was given.
    pub given: u32,
}

/// Longest run of an invocation: 15 minutes is the vendor's longest synchronous
/// one. Source: Basic Settings, `FSS.1008`.
pub type ExecutionTimeout = Seconds<900>;

/// Longest run of an initializer. Source: Lifecycle, `FSS.1405`.
pub type InitializationTimeout = Seconds<300>;

/// Longest run before an instance is stopped. Source: Lifecycle.
pub type PreStopTimeout = Seconds<90>;

impl<const MAX: u32> Seconds<MAX> {
    /// The number of seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.0))
    }
}

impl<const MAX: u32> Default for Seconds<MAX> {
    fn default() -> Self {
        Self(3)
    }
}

impl<const MAX: u32> TryFrom<u32> for Seconds<MAX> {
    type Error = InvalidSeconds;

    fn try_from(given: u32) -> Result<Self, InvalidSeconds> {
        (1..=MAX)
            .contains(&given)
            .then_some(Self(given))
            .ok_or(InvalidSeconds { max: MAX, given })
    }
}

impl<const MAX: u32> From<Seconds<MAX>> for u32 {
    fn from(timeout: Seconds<MAX>) -> u32 {
        timeout.0
    }
}

/// A function of the code that runs at a turn of an instance's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook<const MAX: u32> {
    /// Which function it is, by the rules of a handler. It stands in the
    /// handler's file, as `FSS.1404` has it; an instance says so where it does not.
    pub function: Handler,
    /// Longest run of it.
    pub timeout: Seconds<MAX>,
}

/// What runs once in each new instance, before the first call of its handler.
/// Source: Configuration > Lifecycle.
pub type Initializer = Hook<300>;

/// What runs once in each instance, before it is stopped.
/// Source: Configuration > Lifecycle.
pub type PreStop = Hook<90>;

/// The settings of a function that can be changed at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSettings {
    /// Where the function begins.
    pub handler: Handler,
    /// Memory of one instance.
    pub memory: MemoryMb,
    /// Longest run of one invocation.
    pub timeout: ExecutionTimeout,
    /// What the function is for.
    pub description: crate::text::Description,
    /// Its environment variables.
    pub env_vars: EnvVars,
    /// What runs before the first call of an instance, if anything does.
    #[serde(default)]
    pub initializer: Option<Initializer>,
    /// What runs before an instance is stopped, if anything does.
    #[serde(default)]
    pub pre_stop: Option<PreStop>,
    /// How many instances it has.
    #[serde(default)]
    pub concurrency: Concurrency,
    /// Which hosts it may open connections to: none, unless it is said.
    #[serde(default)]
    pub outbound: crate::outbound::OutboundRules,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_name_follows_the_consoles_rule() {
        use InvalidFunctionName::*;
        for right in ["a", "apig_demo", "A-1", &"a".repeat(60)] {
            assert!(FunctionName::parse(right).is_ok(), "{right}");
        }
        assert_eq!(FunctionName::parse(""), Err(Length(0)));
        assert_eq!(FunctionName::parse(&"a".repeat(61)), Err(Length(61)));
        assert_eq!(FunctionName::parse("1a"), Err(Start));
        assert_eq!(FunctionName::parse("a_"), Err(End));
        assert_eq!(FunctionName::parse("a b"), Err(Character(' ')));
        assert_eq!(FunctionName::parse("aß"), Err(Character('ß')));
    }

    #[test]
    fn a_runtime_knows_its_files() {
        for runtime in [Runtime::Python312, Runtime::Python314, Runtime::JavaScript] {
            assert!(runtime.is_code(runtime.default_file()), "{runtime}");
            assert!(runtime.default_file().ends_with(runtime.file_ending()));
        }
        assert!(Runtime::JavaScript.is_code("lib/a.mjs"));
        assert!(!Runtime::JavaScript.is_code("index.py") && !Runtime::Python312.is_code("a.js"));
    }

    #[test]
    fn a_handler_names_file_and_function() {
        let handler = Handler::parse("src/index.main").unwrap();
        assert_eq!((handler.file(), handler.function()), ("src/index", "main"));
        for wrong in [
            "a.",
            ".handler",
            "index",
            "a.b.c",
            "/index.handler",
            "a//b.c",
            "../x.handler",
            "index.1st",
            "index.han-dler",
            "in dex.handler",
        ] {
            assert!(Handler::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn memory_is_one_of_the_offered_sizes() {
        assert_eq!(MemoryMb::try_from(128).unwrap().cpu_millicores(), 300);
        assert_eq!(MemoryMb::try_from(129), Err(InvalidMemory(129)));
    }

    #[test]
    fn a_timeout_keeps_within_its_limit() {
        fn check<const MAX: u32>() {
            let invalid = |given| Err(InvalidSeconds { max: MAX, given });
            assert_eq!(Seconds::<MAX>::try_from(MAX).map(Seconds::seconds), Ok(MAX));
            assert_eq!(Seconds::<MAX>::try_from(0), invalid(0));
            assert_eq!(Seconds::<MAX>::try_from(MAX + 1), invalid(MAX + 1));
        }
        check::<900>();
        check::<300>();
        check::<90>();
    }
}
