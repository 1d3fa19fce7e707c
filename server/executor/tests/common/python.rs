//! What a Python function sees and says, in every Python: each has a test file that gives
//! its `RUNTIME`, and what is particular to it.

use sluice_domain::env_vars::EnvVars;
use sluice_domain::function::{Handler, InitializationTimeout, Initializer};
use sluice_domain::invocation::Cause;
use sluice_executor::DeployError;

use crate::RUNTIME;
use crate::common::{World, call, failure, own_lines, package, returned, spec, text};

async fn start() -> World {
    World::of(RUNTIME, 400).await
}

#[tokio::test]
async fn a_handler_gets_the_event_and_returns_json() {
    let world = start().await;
    let check = async |expression: &str, expected: &str| {
        let code = format!("def handler(event, context):\n    return {expression}\n");
        assert_eq!(world.result(&code).await, expected, "{expression}");
    };
    check("None", "null").await;
    check("'grüße'", "\"grüße\"").await;
    check(
        "[1, 2.5, True, {'a': None}]",
        "[1, 2.5, true, {\"a\": null}]",
    )
    .await;
    check("event", "{}").await;
}

#[tokio::test]
async fn a_handler_is_found_in_any_folder() {
    let world = start().await;
    let check = async |handler: &str, files: &[(&str, &str)]| {
        let deployment = world.deploy_spec(package(handler, files)).await.unwrap();
        assert_eq!(
            returned(world.call(&deployment, "1").await),
            "2",
            "{handler}"
        );
    };
    let plain = "def main(event, context): return event + 1";
    check("index.main", &[("index.py", plain)]).await;
    check("src/index.main", &[("src/index.py", plain)]).await;
    check("my-file.main", &[("my-file.py", plain)]).await;
    check("json.main", &[("json.py", plain)]).await;
    let helped = "from helper import add\ndef main(event, context): return add(event)";
    let helper = "def add(n): return n + 1";
    check("index.main", &[("index.py", helped), ("helper.py", helper)]).await;
    check(
        "src/index.main",
        &[("src/index.py", helped), ("helper.py", helper)],
    )
    .await;
    check(
        "src/index.main",
        &[("src/index.py", helped), ("src/helper.py", helper)],
    )
    .await;
}

#[tokio::test]
async fn files_of_any_bytes_are_read_beside_the_code() {
    let world = start().await;
    let code = "import words.greeting
def main(event, context):
    with open('code/data/a.bin', 'rb') as relative, open('/opt/function/code/data/a.bin', 'rb') as absolute:
        content = relative.read()
        assert content == absolute.read()
    try:
        open('code/data/a.bin', 'wb')
    except OSError:
        return [words.greeting.WORD, list(content)]
";
    let files: [(&str, &[u8]); 3] = [
        ("src/index.py", code.as_bytes()),
        ("words/greeting.py", b"WORD = 'hello'"),
        ("data/a.bin", b"\x00\xff\xfe\r\n"),
    ];
    let deployment = world.deploy_spec(package("src/index.main", &files)).await;
    let result = returned(world.call(&deployment.unwrap(), "{}").await);
    assert_eq!(result, r#"["hello", [0, 255, 254, 13, 10]]"#);
}

#[tokio::test]
async fn code_with_an_error_is_not_deployed() {
    let world = start().await;
    let check = async |code: &str, line: u32, column: u32, message: &str| {
        let spec = package(
            "index.handler",
            &[("index.py", "x = 1"), ("lib/part.py", code)],
        );
        match world.deploy_spec(spec).await {
            Err(DeployError::Code(error)) => {
                assert_eq!((error.line, error.column), (line, column), "{error}");
                assert_eq!(
                    (error.file.as_str(), error.message.as_str()),
                    ("lib/part.py", message)
                );
            }
            other => panic!("{code:?}: {other:?}"),
        }
    };
    check("def f(:\n", 1, 7, "SyntaxError: invalid syntax").await;
    check("x = (1,\n\n", 1, 5, "SyntaxError: '(' was never closed").await;
    check(
        "if 1:\npass\n",
        2,
        1,
        "IndentationError: expected an indented block after 'if' statement on line 1",
    )
    .await;
    check(
        "a = 1\nb = '\0'\n",
        2,
        6,
        "SyntaxError: source code cannot contain null bytes",
    )
    .await;
    check(
        "# coding: klingon\n",
        0,
        0,
        "SyntaxError: unknown encoding: klingon",
    )
    .await;
    check("return 1", 1, 1, "SyntaxError: 'return' outside function").await;
    let deep = format!("x = {}{}", "(".repeat(150), ")".repeat(150));
    check(&deep, 0, 0, "SyntaxError: the code is nested too deeply").await;
}

#[tokio::test]
async fn deploying_does_not_wait_for_the_code() {
    let world = start().await;
    let deployment = world.deploy("while True: pass").await;
    drop(deployment);
}

#[tokio::test]
async fn output_is_kept_in_order() {
    let world = start().await;
    let deployment = world
        .deploy(
            "import os, sys\n\
             def handler(event, context):\n\
             \x20   log = context.getLogger()\n\
             \x20   print('a')\n\
             \x20   print('b', file=sys.stderr)\n\
             \x20   os.write(1, b'c\\n\\xff\\n')\n\
             \x20   log.info('my message'); log.warn('w %d', 1); log.error('e'); log.debug('d')\n\
             \x20   print('two\\nlines')\n\
             \x20   print('\\ud800')\n\
             \x20   print('no end', end='')\n",
        )
        .await;
    let call = call("{}");
    let id = call.request_id.clone();
    let invocation = world.executor.invoke(&deployment, call, Ok).await.unwrap();
    let lines = own_lines(&invocation.record);
    let at = |index: usize| invocation.record.log[index + 3].at.log_format();
    let expected = [
        ("INFO", "a".to_owned()),
        ("ERROR", "b".to_owned()),
        ("INFO", "c".to_owned()),
        ("INFO", "\u{fffd}".to_owned()),
        ("INFO", format!("{} {id} INFO my message", at(4))),
        ("WARN", format!("{} {id} WARN w 1", at(5))),
        ("ERROR", format!("{} {id} ERROR e", at(6))),
        ("DEBUG", format!("{} {id} DEBUG d", at(7))),
        ("INFO", "two".to_owned()),
        ("INFO", "lines".to_owned()),
        ("INFO", "\\ud800".to_owned()),
        ("INFO", "no end".to_owned()),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_platform_writes_its_lines() {
    let world = start().await;
    let deployment = world.deploy("def handler(event, context): return 1").await;
    let cold = world.call(&deployment, "{}").await.record;
    let warm = world.call(&deployment, "{}").await.record;
    assert_eq!((cold.cause, warm.cause), (Cause::ColdStart, Cause::Success));
    assert!(cold.cold_start.is_some() && warm.cold_start.is_none());
    let starts = |record: &sluice_domain::invocation::InvocationRecord| -> Vec<String> {
        let words = |text: &str| {
            text.split(' ')
                .skip(1)
                .take(3)
                .collect::<Vec<_>>()
                .join(" ")
        };
        record.log.iter().map(|line| words(&line.text)).collect()
    };
    let expected = [
        "Start load request",
        "Finish load request",
        "Start invoke request",
        "Finish invoke request",
    ];
    assert_eq!(starts(&cold), expected);
    assert_eq!(starts(&warm), &expected[2..]);
    // Start invoke request '<id>', version: latest
    let id = &warm.request_id;
    let at = warm.log[0].at.log_format();
    assert_eq!(
        warm.log[0].text,
        format!("{at} Start invoke request '{id}', version: latest")
    );
    let megabytes = sluice_domain::invocation::megabytes_text(warm.memory_used_bytes);
    let millis = sluice_domain::invocation::millis_text(warm.duration);
    let finish = format!(
        " Finish invoke request '{id}', duration: {millis}ms, billing duration: {}ms, memory used: {megabytes}MB, \
         billing memory: 128MB, cpu used: ",
        warm.billed_ms()
    );
    let last = &warm.log[1].text;
    assert!(
        last.contains(&finish) && last.ends_with("U, storage used: 0.000MB"),
        "{last}"
    );
    assert!(warm.memory_used_bytes > 1 << 20 && warm.memory_used_bytes < 128 << 20);
}

#[tokio::test]
async fn the_context_tells_of_the_call() {
    let world = start().await;
    let mut spec = spec(
        "def handler(event, c):\n\
         \x20   assert 2000 < c.getRemainingTimeInMilliSeconds() <= 3000\n\
         \x20   assert c.getToken() == c.getAccessKey() == c.getSecretKey() == c.getSecurityAccessKey() == ''\n\
         \x20   assert c.getSecuritySecretKey() == c.getSecurityToken() == c.getAlias() == ''\n\
         \x20   return [c.getRequestID(), c.getRunningTimeInSeconds(), c.getFunctionName(), c.getVersion(),\n\
         \x20           c.getMemorySize(), c.getCPUNumber(), c.getProjectID(), c.getPackage(),\n\
         \x20           c.getUserData('KEY'), c.getUserData('none'), c.getUserData('none', 'd')]\n",
    );
    spec.settings.env_vars = EnvVars::plain([("KEY", "välue")]).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let invocation = world.call(&deployment, "{}").await;
    let id = invocation.record.request_id.clone();
    let expected = format!(
        "[\"{id}\", 3, \"demo\", \"latest\", 128, 300, \"default\", \"default\", \"välue\", null, \"d\"]"
    );
    assert_eq!(returned(invocation), expected);
}

#[tokio::test]
async fn the_environment_is_the_functions_own() {
    let world = start().await;
    let mut spec = spec(
        "import os, sys\n\
         def handler(event, c):\n\
         \x20   return [dict(sorted(os.environ.items())), os.getcwd(), sys.argv, open('code/index.py').read()[:6]]\n",
    );
    spec.settings.env_vars = EnvVars::plain([("my.key", "v")]).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let expected = "[{\"RUNTIME_CODE_ROOT\": \"/opt/function/code\", \"RUNTIME_CPU\": \"300\", \
        \"RUNTIME_FUNC_NAME\": \"demo\", \"RUNTIME_FUNC_VERSION\": \"latest\", \
        \"RUNTIME_HANDLER\": \"index.handler\", \"RUNTIME_LOG_DIR\": \"/home/snuser/log\", \
        \"RUNTIME_MAX_RESP_BODY_SIZE\": \"6291456\", \"RUNTIME_MEMORY\": \"128\", \"RUNTIME_PACKAGE\": \"default\", \
        \"RUNTIME_PROJECT_ID\": \"default\", \"RUNTIME_ROOT\": \"/home/snuser/runtime\", \"RUNTIME_TIMEOUT\": \"3\", \
        \"RUNTIME_USERDATA\": \"{\\\"my.key\\\":\\\"v\\\"}\", \"my.key\": \"v\"}, \
        \"/opt/function\", [\"/opt/function/code/index.py\"], \"import\"]";
    assert_eq!(returned(world.call(&deployment, "{}").await), expected);
}

#[tokio::test]
async fn what_a_function_raises_is_told() {
    let world = start().await;
    let check = async |body: &str, kind: &str, message: &str, frames: &[&str]| {
        let code = format!("def handler(event, context):\n    {body}\n");
        let invocation = world.run(&code).await;
        let (cause, failure) = failure(&invocation);
        assert_eq!(cause, Cause::CodeError);
        assert_eq!(
            (failure.error_type.as_str(), failure.error_message.as_str()),
            (kind, message),
            "{body}"
        );
        assert_eq!(failure.stack_trace, frames, "{body}");
        text(&invocation.record)
    };
    let frame = "File \"/opt/function/code/index.py\", line 2, in handler";
    let log = check(
        "1 / 0",
        "ZeroDivisionError",
        "function invocation exception, error: division by zero",
        &[frame],
    )
    .await;
    assert!(log.contains("ERROR Traceback (most recent call last):\nERROR   File \"/opt/function/code/index.py\", line 2, in handler\nERROR     1 / 0\n"), "{log}");
    assert!(
        log.contains("ERROR ZeroDivisionError: division by zero\n")
            && !log.contains("sluice_runtime"),
        "{log}"
    );
    assert!(
        log.contains("(invoke Failed:FunctionError), duration: "),
        "{log}"
    );

    let log = check(
        "try: int('x')\n    except ValueError as e: raise KeyError('k') from e",
        "KeyError",
        "function invocation exception, error: 'k'",
        &["File \"/opt/function/code/index.py\", line 3, in handler"],
    )
    .await;
    assert!(
        log.contains("ValueError: invalid literal") && log.contains("direct cause"),
        "{log}"
    );

    let sandbox = "function invocation exception, error: ";
    check(
        "import sys; sys.exit(3)",
        "SystemExit",
        &format!("{sandbox}the function called sys.exit(3)"),
        &[frame],
    )
    .await;
    check(
        "raise KeyboardInterrupt",
        "KeyboardInterrupt",
        sandbox,
        &[frame],
    )
    .await;
    check(
        "raise GeneratorExit('g')",
        "GeneratorExit",
        &format!("{sandbox}g"),
        &[frame],
    )
    .await;
    check(
        "raise Exception('\\ud800')",
        "Exception",
        &format!("{sandbox}\\ud800"),
        &[frame],
    )
    .await;
    let class = "class E(Exception):\n        def __str__(self): raise ValueError\n    raise E";
    let last = "File \"/opt/function/code/index.py\", line 4, in handler";
    check(
        class,
        "E",
        &format!("{sandbox}the exception cannot be turned into text"),
        &[last],
    )
    .await;
    check(
        "import os; os._exit(7)",
        "SystemExit",
        &format!("{sandbox}the function ended its process"),
        &[],
    )
    .await;
    let invalid = "function result is invalid, error: ";
    check(
        "return {1, 2}",
        "FunctionResultError",
        &format!("{invalid}Object of type set is not JSON serializable"),
        &[],
    )
    .await;
    check(
        "return float('nan')",
        "FunctionResultError",
        &format!("{invalid}Out of range float values are not JSON compliant: nan"),
        &[],
    )
    .await;
    check(
        "x = []; x.append(x); return x",
        "FunctionResultError",
        &format!("{invalid}Circular reference detected"),
        &[],
    )
    .await;
    check(
        "return 'x' * 6_291_455",
        "FunctionResultError",
        "response body size 6291457 exceeds the limit of 6291456",
        &[],
    )
    .await;
}

#[tokio::test]
async fn deep_recursion_fails_cleanly() {
    let world = start().await;
    let check = async |body: &str| {
        let code = format!("import json, re, copy\ndef handler(event, context):\n    {body}\n");
        let invocation = world.run(&code).await;
        let (cause, failure) = failure(&invocation);
        assert_eq!(
            (cause, failure.error_type.as_str()),
            (Cause::CodeError, "RecursionError"),
            "{body}: {failure:?}"
        );
    };
    check("def f(n): return f(n + 1) + 1\n    f(0)").await;
    check("x = []\n    for _ in range(100000): x = [x]\n    repr(x)").await;
    check("x = []\n    for _ in range(100000): x = [x]\n    json.dumps(x)").await;
    check("x = []\n    for _ in range(100000): x = [x]\n    x == copy.deepcopy(x)").await;
    check("json.loads('[' * 100000)").await;
    check("class A:\n        def __getattr__(self, n): return getattr(self, n + 'x')\n    A().a")
        .await;
    check("import sys; sys.setrecursionlimit(10**9)\n    def f(n): return sorted([1, 2], key=lambda x: f(n + 1))\n    f(0)").await;
}

#[tokio::test]
async fn code_that_cannot_be_loaded_is_told_and_tried_again() {
    let world = start().await;
    let check = async |handler: &str, code: &str, kind: &str, message: &str| {
        let deployment = world
            .deploy_spec(package(handler, &[("index.py", code)]))
            .await
            .unwrap();
        for _ in 0..2 {
            let invocation = world.call(&deployment, "{}").await;
            let (cause, failure) = failure(&invocation);
            assert_eq!(
                (cause, failure.error_type.as_str()),
                (Cause::LoadFailed, kind),
                "{code}"
            );
            assert_eq!(failure.error_message, message);
            assert!(invocation.record.cold_start.is_some());
            let log = text(&invocation.record);
            assert!(
                log.contains("(invoke Failed:RuntimeLoadFailed)") && log.contains("ERROR "),
                "{log}"
            );
        }
    };
    let entry = "function entry exception, error: ";
    check(
        "other.handler",
        "",
        "FunctionLoadError",
        &format!("{entry}not found module 'other'"),
    )
    .await;
    check(
        "index.main",
        "",
        "FunctionConfigError",
        "handler 'main' not found in module 'index'",
    )
    .await;
    check(
        "index.main",
        "main = 1",
        "FunctionConfigError",
        "handler 'main' not found in module 'index'",
    )
    .await;
    check(
        "index.handler",
        "import requests",
        "ModuleNotFoundError",
        &format!("{entry}No module named 'requests'"),
    )
    .await;
    check(
        "index.handler",
        "1 / 0",
        "ZeroDivisionError",
        &format!("{entry}division by zero"),
    )
    .await;
    check(
        "index.handler",
        "exit()",
        "SystemExit",
        &format!("{entry}the function called sys.exit()"),
    )
    .await;
}

fn initialized(function: &str, code: &str) -> sluice_executor::DeploymentSpec {
    let mut spec = spec(code);
    spec.settings.initializer = Some(Initializer {
        function: Handler::parse(function).unwrap(),
        timeout: InitializationTimeout::try_from(1).unwrap(),
    });
    spec
}

#[tokio::test]
async fn an_initializer_runs_once_before_the_first_call() {
    let world = start().await;
    let code = "import os\ncount = 0\n\
        def initializer(context):\n\
        \x20   global count, first\n\
        \x20   count += 1\n\
        \x20   first = context.getRequestID()\n\
        \x20   assert 0 < context.getRemainingTimeInMilliSeconds() <= 1000\n\
        \x20   print('ready')\n\
        \x20   return object()\n\
        def handler(event, context):\n\
        \x20   environ = [os.environ[f'RUNTIME_INITIALIZER_{name}'] for name in ('HANDLER', 'TIMEOUT')]\n\
        \x20   return [count, first == context.getRequestID(), *environ]\n";
    let deployment = world
        .deploy_spec(initialized("index.initializer", code))
        .await
        .unwrap();
    let cold = world.call(&deployment, "{}").await;
    assert_eq!(own_lines(&cold.record), [("INFO", "ready".to_owned())]);
    assert!(text(&cold.record).find("ready") < text(&cold.record).find("Finish load"));
    let settings = "\"index.initializer\", \"1\"";
    assert_eq!(returned(cold), format!("[1, true, {settings}]"));
    let warm = world.call(&deployment, "{}").await;
    assert_eq!(own_lines(&warm.record), []);
    assert_eq!(returned(warm), format!("[1, false, {settings}]"));
}

#[tokio::test]
async fn an_initializer_that_fails_is_told_and_tried_again() {
    let world = start().await;
    let check = async |initializer: &str, code: &str, cause: Cause, kind: &str, message: &str| {
        let code = format!("{code}\ndef handler(event, context): print('never')\n");
        let deployment = world
            .deploy_spec(initialized(initializer, &code))
            .await
            .unwrap();
        for _ in 0..2 {
            let invocation = world.call(&deployment, "{}").await;
            let (found, failure) = failure(&invocation);
            assert_eq!(
                (found, failure.error_type.as_str()),
                (cause, kind),
                "{code}"
            );
            assert_eq!(failure.error_message, message, "{code}");
            assert!(invocation.record.cold_start.is_some());
            let log = text(&invocation.record);
            let finish = format!("(invoke Failed:{})", cause.name());
            assert!(log.contains(&finish) && !log.contains("never"), "{log}");
        }
    };
    let failed = Cause::InitializationFailed;
    check(
        "index.init",
        "def init(context): 1 / 0",
        failed,
        "ZeroDivisionError",
        "function initialization exception, error: division by zero",
    )
    .await;
    check(
        "index.init",
        "def init(): pass",
        failed,
        "TypeError",
        "function initialization exception, error: init() takes 0 positional arguments but 1 was given",
    )
    .await;
    check(
        "index.init",
        "import os\ndef init(context): os._exit(1)",
        failed,
        "SystemExit",
        "function initialization exception, error: the function ended its process",
    )
    .await;
    check(
        "index.init",
        "def init(context):\n    while True: pass",
        failed,
        "RuntimeInitFailed",
        "runtime initialization timed out after 1s",
    )
    .await;
    check(
        "index.init",
        "def init(context): bytearray(1 << 30)",
        Cause::MemoryExceeded,
        "RuntimeMemoryExceedLimit",
        "runtime memory limit exceeded",
    )
    .await;
    check(
        "index.init",
        "init = 1",
        failed,
        "FunctionConfigError",
        "initializer 'init' not found in module 'index'",
    )
    .await;
    check(
        "other.init",
        "",
        failed,
        "FunctionConfigError",
        "initializer 'other.init' must be in the file of the handler, 'index'",
    )
    .await;
}

#[tokio::test]
async fn what_the_sandbox_lacks_is_said_in_words() {
    let world = start().await;
    let check = async |sentence: &str, uses: &str| {
        for body in uses.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let code = format!("def handler(event, context):\n    {body}\n");
            let (_, failure) = failure(&world.run(&code).await);
            assert!(
                failure.error_message.contains(sentence),
                "{body}: {failure:?}"
            );
        }
    };
    check(
        "Sluice's sandbox has no threads",
        "import threading; threading.Thread(target=print).start()
        import threading; threading.Timer(1, print).start()
        import _thread; _thread.start_new_thread(print, ())
        import concurrent.futures as f; f.ThreadPoolExecutor().submit(print)
        import asyncio; asyncio.run(asyncio.to_thread(print))
        import asyncio; asyncio.new_event_loop().run_in_executor(None, print)",
    )
    .await;
    check(
        "Sluice's sandbox has no processes",
        "import subprocess; subprocess.run(['ls'])
        import subprocess; subprocess.check_output('ls', shell=True)
        import os; os.fork()
        import os; os.system('ls')
        import os; os.popen('ls')
        import os; os.execvp('ls', ['ls'])
        import os; os.kill(1, 9)
        import os; os.pipe()
        import multiprocessing; multiprocessing.Process(target=print).start()
        import multiprocessing; multiprocessing.get_context('spawn').Process(target=print)
        import multiprocessing; multiprocessing.Pool()
        import multiprocessing; multiprocessing.Queue()
        import multiprocessing as m; P = type('P', (m.Process,), {}); P()
        import concurrent.futures as f; f.ProcessPoolExecutor().submit(print)
        import asyncio; asyncio.run(asyncio.create_subprocess_exec('ls'))",
    )
    .await;
    check(
        "outbound connections are off",
        "import socket; socket.create_connection(('example.org', 80))
        import socket; socket.gethostbyname_ex('example.org')
        import http.client; http.client.HTTPConnection('example.org').request('GET', '/')
        import http.client; http.client.HTTPSConnection('example.org').request('GET', '/')
        import urllib.request; urllib.request.urlopen('http://example.org')
        import urllib.request; urllib.request.urlopen('https://example.org')
        import xmlrpc.client; xmlrpc.client.ServerProxy('http://example.org').a()
        import smtplib; smtplib.SMTP('example.org')
        import smtplib; smtplib.SMTP_SSL('example.org')
        import ftplib; ftplib.FTP('example.org')",
    )
    .await;
    check(
        "Sluice's sandbox takes no connections",
        "import socket; socket.create_server(('', 80))
        import socket; socket.socketpair()
        import http.server as h; h.HTTPServer(('', 80), h.BaseHTTPRequestHandler)",
    )
    .await;
    check(
        "Sluice's sandbox has no UDP",
        "import socket; socket.socket(type=socket.SOCK_DGRAM)",
    )
    .await;
    check(
        "Sluice's sandbox has no connections for asyncio",
        "import asyncio; asyncio.run(asyncio.open_connection('example.org', 80))
        import asyncio; asyncio.run(asyncio.start_server(print, 'localhost', 80))",
    )
    .await;
    check(
        "Sluice's sandbox has no client certificates",
        "import ssl; ssl.create_default_context().load_cert_chain('a.pem')",
    )
    .await;
    check(
        "Sluice's sandbox has no signals",
        "import signal; signal.alarm(1)
        import signal; signal.setitimer(0, 1)
        import asyncio; asyncio.new_event_loop().add_signal_handler(15, print)",
    )
    .await;
    check("Sluice's sandbox has no OpenSSL", "import _ssl").await;
    check(
        "Sluice's sandbox runs WebAssembly and cannot call native libraries",
        "import ctypes",
    )
    .await;
    check("Sluice's sandbox has no LZMA", "import lzma").await;
    check("Sluice's sandbox has no bzip2", "import bz2").await;
    check("Sluice's sandbox has no users", "import os; os.getuid()").await;
    check(
        "Sluice's sandbox has no OpenSSL",
        "import hashlib; hashlib.scrypt(b'', salt=b'', n=2, r=1, p=1)",
    )
    .await;
    check(
        "Sluice's sandbox does not have what it needs",
        "import fcntl",
    )
    .await;
}

#[tokio::test]
async fn libraries_that_ask_for_less_get_on_without() {
    let world = start().await;
    let check = async |body: &str, expected: &str| {
        let code = format!("def handler(event, context):\n    {body}\n");
        assert_eq!(world.result(&code).await, expected, "{body}");
    };
    check("import os; return hasattr(os, 'fork')", "false").await;
    check(
        "import socket; return socket.gethostname()",
        "\"localhost\"",
    )
    .await;
    check("import platform; return bool(platform.platform())", "true").await;
    check("import uuid; return uuid.uuid1().version", "1").await;
    check(
        "import shutil; return shutil.copy('code/index.py', '/tmp/x')",
        "\"/tmp/x\"",
    )
    .await;
    check(
        "import shelve\n    with shelve.open('/tmp/s') as s: s['a'] = 1\n    return dict(shelve.open('/tmp/s'))",
        "{\"a\": 1}",
    )
    .await;
}

#[tokio::test]
async fn asyncio_runs_tasks_and_timers() {
    let world = start().await;
    let code = "import asyncio\n\
                async def one(n):\n    await asyncio.sleep(n / 100)\n    return n\n\
                async def main(): return await asyncio.gather(one(3), one(1), asyncio.wait_for(one(2), 1))\n\
                def handler(event, context): return asyncio.run(main())\n";
    assert_eq!(world.result(code).await, "[3, 1, 2]");
}

#[tokio::test]
async fn the_standard_library_can_be_imported() {
    let world = start().await;
    let mut spec = spec(
        "import sys, importlib\n\
         def handler(event, context):\n\
         \x20   failed = []\n\
         \x20   for name in sorted(sys.stdlib_module_names - {'antigravity', 'this'}):\n\
         \x20       try: importlib.import_module(name)\n\
         \x20       except ModuleNotFoundError as e:\n\
         \x20           assert \"Sluice's sandbox\" in str(e), f'{name}: {e}'\n\
         \x20           failed.append(name)\n\
         \x20   return ' '.join(failed)\n",
    );
    spec.settings.timeout = sluice_domain::function::ExecutionTimeout::try_from(120).unwrap();
    spec.settings.memory = sluice_domain::function::MemoryMb::try_from(512).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let failed = returned(world.call(&deployment, "{}").await);
    assert_eq!(failed.trim_matches('"'), crate::NOT_IMPORTABLE);
}
