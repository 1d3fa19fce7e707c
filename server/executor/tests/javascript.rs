//! What a JavaScript function sees and says.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::time::{Duration, Instant};

use common::{World, call, failure, own_lines, package_in, returned, spec_in, text};
use sluice_domain::env_vars::EnvVars;
use sluice_domain::function::{Handler, InitializationTimeout, Initializer, Runtime};
use sluice_domain::invocation::Cause;
use sluice_executor::{DeployError, DeploymentSpec};

/// A handler with this body.
fn handler(body: &str) -> String {
    format!("exports.handler = async (event, context) => {{ {body} }};")
}

fn package(handler: &str, files: &[(&str, &str)]) -> DeploymentSpec {
    package_in(Runtime::JavaScript, handler, files)
}

#[tokio::test]
async fn the_template_answers_with_the_event() {
    let world = World::javascript().await;
    assert_eq!(
        world.result(Runtime::JavaScript.template()).await,
        r#"{"statusCode":200,"isBase64Encoded":false,"body":"{}","headers":{"Content-Type":"application/json"}}"#
    );
}

#[tokio::test]
async fn a_handler_gets_the_event_and_returns_json() {
    let world = World::javascript().await;
    let check = async |expression: &str, expected: &str| {
        let code = handler(&format!("return {expression};"));
        assert_eq!(world.result(&code).await, expected, "{expression}");
    };
    check("undefined", "null").await;
    check("null", "null").await;
    check("'grüße'", "\"grüße\"").await;
    check("[1, 2.5, true, {a: null}]", "[1,2.5,true,{\"a\":null}]").await;
    check("event", "{}").await;
    check("'\\ud800'", "\"\\ud800\"").await;
}

#[tokio::test]
async fn a_result_comes_by_return_promise_or_callback() {
    let world = World::javascript().await;
    let check = async |code: &str, expected: &str| {
        assert_eq!(world.result(code).await, expected, "{code}");
    };
    check("exports.handler = (event, context) => 1", "1").await;
    check("exports.handler = () => {}", "null").await;
    check("exports.handler = async () => 2", "2").await;
    check(
        "exports.handler = () => new Promise(done => setTimeout(() => done(3), 5))",
        "3",
    )
    .await;
    check(
        "exports.handler = (event, context, callback) => callback(null, 4)",
        "4",
    )
    .await;
    // What stands in an arrow function is no result while a callback may still come.
    check(
        "exports.handler = (event, context, callback) => setTimeout(() => callback(null, 5), 5)",
        "5",
    )
    .await;
    check(
        "exports.handler = (event, context, callback) => { callback(null, 6); callback(null, 7); return Promise.resolve(8); }",
        "6",
    )
    .await;
    check("exports.handler = (event, context, callback) => 9", "9").await;
    check("module.exports = { handler() { return 10; } }", "10").await;
}

#[tokio::test]
async fn a_package_has_what_npm_installs_and_files_of_any_bytes() {
    let world = World::javascript().await;
    let code = "const { word } = require('words');
const { count } = require('../data/count.json');
exports.main = () => [word, count];";
    let files: [(&str, &[u8]); 5] = [
        ("src/index.js", code.as_bytes()),
        ("node_modules/words/index.js", b"exports.word = 'hello'"),
        (
            "node_modules/words/test/fails.js",
            b"this is no JavaScript (",
        ),
        ("data/count.json", b"{\"count\": 3}"),
        ("data/a.bin", b"\x00\xff\xfe\r\n"),
    ];
    let spec = package_in(Runtime::JavaScript, "src/index.main", &files);
    let deployment = world.deploy_spec(spec).await.unwrap();
    let result = returned(world.call(&deployment, "{}").await);
    assert_eq!(result, r#"["hello",3]"#);
}

#[tokio::test]
async fn a_handler_is_found_in_any_folder_and_kind_of_module() {
    let world = World::javascript().await;
    let check = async |handler: &str, files: &[(&str, &str)]| {
        let deployment = world.deploy_spec(package(handler, files)).await.unwrap();
        assert_eq!(
            returned(world.call(&deployment, "1").await),
            "2",
            "{handler} {files:?}"
        );
    };
    let plain = "exports.main = event => event + 1";
    check("index.main", &[("index.js", plain)]).await;
    check("src/index.main", &[("src/index.js", plain)]).await;
    check("my-file.main", &[("my-file.cjs", plain)]).await;
    check(
        "index.main",
        &[(
            "index.js",
            "#!/usr/bin/env node\nexports.main = event => event + 1",
        )],
    )
    .await;
    check(
        "index.main",
        &[("index.mjs", "export const main = event => event + 1")],
    )
    .await;
    check(
        "index.main",
        &[("index.js", "export default event => event + 1")],
    )
    .await;
    check(
        "index.main",
        &[("index.js", "export default { main: event => event + 1 }")],
    )
    .await;
    check(
        "index.main",
        &[(
            "index.js",
            "const one = await Promise.resolve(1);\nexport const main = event => event + one;",
        )],
    )
    .await;
    let helper = (
        "lib/add.js",
        "exports.add = n => n + require('./one.json').one",
    );
    let one = ("lib/one.json", "{\"one\": 1}");
    let required = "const { add } = require('./lib/add');\nexports.main = event => add(event);";
    check("index.main", &[("index.js", required), helper, one]).await;
    let imported = "import { add } from './lib/add.js';\nexport const main = event => add(event);";
    check("index.main", &[("index.js", imported), helper, one]).await;
    let up = "import plus from '../lib/plus.mjs';\nexport const main = plus;";
    check(
        "src/index.main",
        &[
            ("src/index.js", up),
            ("lib/plus.mjs", "export default n => n + 1"),
        ],
    )
    .await;
    let later = "exports.main = async event => (await import('./lib/add.js')).add(event)";
    check("index.main", &[("index.js", later), helper, one]).await;
    let installed = "exports.main = require('plus').add";
    let described = ("node_modules/plus/package.json", "{\"main\": \"main.js\"}");
    check(
        "index.main",
        &[
            ("index.js", installed),
            described,
            ("node_modules/plus/main.js", "exports.add = n => n + 1"),
        ],
    )
    .await;
    // Each waits for the other, as far as it has come.
    let (a, b) = (
        "exports.one = 1; exports.main = require('./b').main",
        "const a = require('./index'); exports.main = n => n + a.one",
    );
    check("index.main", &[("index.js", a), ("b.js", b)]).await;
    let meta = "export const main = event => import.meta.url === 'file:///opt/function/code/index.js' ? event + 1 : import.meta.url";
    check("index.main", &[("index.js", meta)]).await;
}

#[tokio::test]
async fn code_with_an_error_is_not_deployed() {
    let world = World::javascript().await;
    let check = async |file: &str, code: &str, line: u32, column: u32, message: &str| {
        let spec = package("index.handler", &[("index.js", "1"), (file, code)]);
        match world.deploy_spec(spec).await {
            Err(DeployError::Code(error)) => {
                let at = (error.line, error.column, error.message.as_str());
                assert_eq!(at, (line, column, message), "{code:?}");
                assert_eq!(error.file, file);
            }
            other => panic!("{code:?}: {other:?}"),
        }
    };
    check(
        "lib/a.js",
        "let a = 1;\n  let b = = 2;",
        2,
        11,
        "SyntaxError: expected expression, got '='",
    )
    .await;
    check(
        "a.js",
        "let b = = 2;",
        1,
        9,
        "SyntaxError: expected expression, got '='",
    )
    .await;
    check(
        "a.js",
        "function f() {\n  return 1;\n",
        3,
        1,
        "SyntaxError: missing } after function body",
    )
    .await;
    check(
        "a.js",
        "}); print(1); (() => {",
        1,
        2,
        "SyntaxError: unexpected garbage after function body, starting with ')'",
    )
    .await;
    check(
        "a.mjs",
        "import x from 'y';\nexport const a = ;\n",
        2,
        18,
        "SyntaxError: Unexpected token",
    )
    .await;
    check(
        "a.js",
        "export default 1;\nlet a; let a;\n",
        2,
        12,
        "SyntaxError: redeclaration of let a",
    )
    .await;
    check(
        "a.cjs",
        "export default 1;",
        1,
        1,
        "SyntaxError: export declarations may only appear at top level of a module",
    )
    .await;
}

#[tokio::test]
async fn deploying_runs_nothing() {
    let world = World::javascript().await;
    drop(world.deploy("while (true) {}").await);
    drop(world.deploy("import './nowhere.js'; while (true) {}").await);
}

#[tokio::test]
async fn output_is_kept_in_order() {
    let world = World::javascript().await;
    let deployment = world
        .deploy(&handler(
            "const log = context.getLogger(); console.log('a %d', 1, { b: [2] }); console.info('i'); console.debug('d'); \
             console.warn('w'); console.error('e'); log.info('my message'); log.warn('w %s', 1); log.error('e'); log.debug('d'); \
             console.log('two\\nlines'); console.log('\\ud800\\0'); console.group('g'); console.log('in'); console.groupEnd(); \
             console.log(); process.stdout.write('no '); process.stdout.write('end');",
        ))
        .await;
    let call = call("{}");
    let id = call.request_id.clone();
    let invocation = world.executor.invoke(&deployment, call, Ok).await.unwrap();
    let lines: Vec<(&str, String)> = own_lines(&invocation.record)
        .into_iter()
        .map(|(level, text)| match text.split_once(&format!("Z {id} ")) {
            Some((_, rest)) => (level, format!("<id> {rest}")),
            None => (level, text),
        })
        .collect();
    let expected = [
        ("INFO", "a 1 { b: [ 2 ] }"),
        ("INFO", "<id> INFO i"),
        ("DEBUG", "<id> DEBUG d"),
        ("WARN", "<id> WARN w"),
        ("ERROR", "<id> ERROR e"),
        ("INFO", "<id> INFO my message"),
        ("WARN", "<id> WARN w 1"),
        ("ERROR", "<id> ERROR e"),
        ("DEBUG", "<id> DEBUG d"),
        ("INFO", "two"),
        ("INFO", "lines"),
        ("INFO", "\u{fffd}\0"),
        ("INFO", "g"),
        ("INFO", "  in"),
        ("INFO", ""),
        ("INFO", "no end"),
    ];
    assert_eq!(
        lines,
        expected.map(|(level, text)| (level, text.to_owned()))
    );
}

#[tokio::test]
async fn values_are_printed_to_be_read() {
    let world = World::javascript().await;
    let check = async |value: &str, expected: &str| {
        let invocation = world.run(&handler(&format!("console.log({value});"))).await;
        let lines: Vec<_> = own_lines(&invocation.record)
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(lines.join("\n"), expected, "{value}");
    };
    check(
        "[undefined, null, 1n, -0, 'it\\'s', Symbol('s')]",
        "[ undefined, null, 1n, -0, \"it's\", Symbol(s) ]",
    )
    .await;
    check(
        "{ a: { b: { c: { d: { e: { f: 1 } } } } } }",
        "{ a: { b: { c: { d: { e: [Object] } } } } }",
    )
    .await;
    check(
        "(() => { const o = { n: 1 }; o.self = o; return o; })()",
        "<ref *1> { n: 1, self: [Circular *1] }",
    )
    .await;
    check(
        "new Map([['k', new Set([1])]]), new (class Foo { x = 1 })()",
        "Map(1) { 'k' => Set(1) { 1 } } Foo { x: 1 }",
    )
    .await;
    check(
        "[1, , 2], () => {}, class A {}",
        "[ 1, <empty>, 2 ] [Function (anonymous)] [class A]",
    )
    .await;
    check(
        "Buffer.from('hi'), new Uint8Array(2), new Date(0)",
        "<Buffer 68 69> Uint8Array(2) [ 0, 0 ] 1970-01-01T00:00:00.000Z",
    )
    .await;
    check(
        "{ 'a-b': 'x'.repeat(80), get c() { throw 1; } }",
        &format!("{{\n  'a-b': '{}',\n  c: [Getter]\n}}", "x".repeat(80)),
    )
    .await;
    check(
        "new Error('e', { cause: 1 })",
        "Error: e\n    at exports.handler (/opt/function/code/index.js:1:59) {\n  [cause]: 1\n}",
    )
    .await;
}

#[tokio::test]
async fn the_context_tells_of_the_call() {
    let world = World::javascript().await;
    let mut spec = spec_in(
        Runtime::JavaScript,
        &handler(
            "const c = context, left = c.getRemainingTimeInMilliSeconds(); if (!(2000 < left && left <= 3000)) throw left; \
             const empty = [c.getToken(), c.getAccessKey(), c.getSecretKey(), c.getSecurityAccessKey(), c.getSecuritySecretKey(), c.getSecurityToken(), c.getAlias()]; \
             if (empty.join('') !== '' || empty.length !== 7) throw empty; \
             return [c.getRequestID(), c.getRunningTimeInSeconds(), c.getFunctionName(), c.getVersion(), c.getMemorySize(), \
                     c.getCPUNumber(), c.getProjectID(), c.getPackage(), c.getUserData('KEY'), c.getUserData('none'), c.getUserData('none', 'd')];",
        ),
    );
    spec.settings.env_vars = EnvVars::plain([("KEY", "välue")]).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let invocation = world.call(&deployment, "{}").await;
    let id = invocation.record.request_id.clone();
    let expected = format!(
        "[\"{id}\",3,\"demo\",\"latest\",128,300,\"default\",\"default\",\"välue\",null,\"d\"]"
    );
    assert_eq!(returned(invocation), expected);
}

#[tokio::test]
async fn the_environment_is_the_functions_own() {
    let world = World::javascript().await;
    let mut spec = spec_in(
        Runtime::JavaScript,
        &handler(
            "return [Object.keys(process.env).length, process.env['my.key'], process.env.RUNTIME_FUNC_NAME, process.cwd(), process.argv[1], __filename, __dirname];",
        ),
    );
    spec.settings.env_vars = EnvVars::plain([("my.key", "v")]).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let file = "/opt/function/code/index.js";
    let expected = format!(
        "[14,\"v\",\"demo\",\"/opt/function\",\"{file}\",\"{file}\",\"/opt/function/code\"]"
    );
    assert_eq!(returned(world.call(&deployment, "{}").await), expected);
}

#[tokio::test]
async fn what_a_function_throws_is_told() {
    let world = World::javascript().await;
    let check = async |body: &str, kind: &str, message: &str, frames: &[&str]| {
        let invocation = world
            .run(&format!(
                "exports.handler = async (event, context) => {{\n  {body}\n}};"
            ))
            .await;
        let (cause, failure) = failure(&invocation);
        assert_eq!(cause, Cause::CodeError, "{body}");
        assert_eq!(
            (failure.error_type.as_str(), failure.error_message.as_str()),
            (kind, message),
            "{body}"
        );
        assert_eq!(failure.stack_trace, frames, "{body}");
        text(&invocation.record)
    };
    let error = |text: &str| format!("function invocation exception, error: {text}");
    let log = check(
        "throw new TypeError('wrong');",
        "TypeError",
        &error("wrong"),
        &["at exports.handler (/opt/function/code/index.js:2:9)"],
    )
    .await;
    assert!(log.contains("ERROR TypeError: wrong\nERROR     at exports.handler (/opt/function/code/index.js:2:9)\n"), "{log}");
    assert!(
        log.contains("(invoke Failed:FunctionError), duration: ") && !log.contains("loader"),
        "{log}"
    );
    check(
        "const inner = () => { null.x }; await null; inner();",
        "TypeError",
        &error("can't access property \"x\" of null"),
        &[
            "at inner (/opt/function/code/index.js:2:25)",
            "at exports.handler (/opt/function/code/index.js:2:47)",
        ],
    )
    .await;
    check("throw 'text';", "string", &error("text"), &[]).await;
    check("throw null;", "null", &error("null"), &[]).await;
    check("throw { a: 1 };", "Object", &error("{ a: 1 }"), &[]).await;
    check("return Promise.reject(7);", "number", &error("7"), &[]).await;
    let at = [
        "at Mine (/opt/function/code/index.js:2:3)",
        "at exports.handler (/opt/function/code/index.js:2:62)",
    ];
    let log = check("class Mine extends Error { name = 'Mine'; code = 3 } throw new Mine('m', { cause: new Error('why') });", "Mine", &error("m"), &at).await;
    assert!(
        log.contains("Error: why") && log.contains("code: 3"),
        "{log}"
    );
    check(
        "throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } });",
        "Error",
        &error("the error cannot be turned into text"),
        &[],
    )
    .await;
    check(
        "process.exit(3)",
        "ProcessExit",
        &error("the function called process.exit(3)"),
        &[],
    )
    .await;
    check(
        "await new Promise(() => {});",
        "Error",
        &error("the handler waits for something that can never happen"),
        &[],
    )
    .await;
    check(
        "setTimeout(() => { throw new Error('late') }, 1); await new Promise(() => {});",
        "Error",
        &error("late"),
        &["at /opt/function/code/index.js:2:28"],
    )
    .await;
    let invalid = |text: &str| format!("function result is invalid, error: {text}");
    check(
        "return 1n;",
        "FunctionResultError",
        &invalid("BigInt value can't be serialized in JSON"),
        &[],
    )
    .await;
    check(
        "const x = {}; x.x = x; return x;",
        "FunctionResultError",
        &invalid("cyclic object value"),
        &[],
    )
    .await;
    check(
        "return () => {};",
        "FunctionResultError",
        &invalid("a function is not JSON"),
        &[],
    )
    .await;
    check(
        "return 'x'.repeat(6_291_455);",
        "FunctionResultError",
        "response body size 6291457 exceeds the limit of 6291456",
        &[],
    )
    .await;
}

#[tokio::test]
async fn a_callback_can_fail_the_call() {
    let world = World::javascript().await;
    let invocation = world
        .run("exports.handler = (event, context, callback) => callback(new RangeError('no'), 1)")
        .await;
    let (cause, failure) = failure(&invocation);
    assert_eq!(
        (cause, failure.error_type.as_str()),
        (Cause::CodeError, "RangeError")
    );
    let never = world
        .run("exports.handler = (event, context, callback) => {}")
        .await;
    let (_, failure) = common::failure(&never);
    assert!(
        failure.error_message.ends_with("can never happen"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn frames_tell_files_apart() {
    let world = World::javascript().await;
    let files = [
        (
            "index.js",
            "import { fail } from './lib/fail.js';\n\nexport const handler = () => fail();",
        ),
        (
            "lib/fail.js",
            "exports.fail = function fail() {\n  throw new Error('here');\n};",
        ),
    ];
    let deployment = world
        .deploy_spec(package("index.handler", &files))
        .await
        .unwrap();
    let (_, failure) = failure(&world.call(&deployment, "{}").await);
    assert_eq!(
        failure.stack_trace[0],
        "at fail (/opt/function/code/lib/fail.js:2:9)"
    );
    assert!(
        failure.stack_trace[1].contains("/opt/function/code/index.js:3:"),
        "{failure:?}"
    );
    assert_eq!(failure.stack_trace.len(), 2);
}

#[tokio::test]
async fn code_that_cannot_be_loaded_is_told_and_tried_again() {
    let world = World::javascript().await;
    let check = async |handler: &str, code: &str, kind: &str, message: &str| {
        let deployment = world
            .deploy_spec(package(handler, &[("index.js", code)]))
            .await
            .unwrap();
        for _ in 0..2 {
            let invocation = world.call(&deployment, "{}").await;
            let (cause, failure) = failure(&invocation);
            assert_eq!(
                (cause, failure.error_type.as_str()),
                (Cause::LoadFailed, kind),
                "{code}: {failure:?}"
            );
            assert_eq!(failure.error_message, message);
        }
    };
    let entry = "function entry exception, error: ";
    let none = "handler 'main' not found in module 'index'";
    check(
        "other.handler",
        "",
        "FunctionLoadError",
        &format!("{entry}not found module 'other'"),
    )
    .await;
    check("index.main", "", "FunctionConfigError", none).await;
    check(
        "index.main",
        "exports.main = 1",
        "FunctionConfigError",
        none,
    )
    .await;
    check(
        "index.main",
        "export const other = 1",
        "FunctionConfigError",
        none,
    )
    .await;
    check(
        "index.main",
        "exports.main = (a, b, c, d) => {}",
        "FunctionConfigError",
        "handler expect to have 2 or 3 parameters, but received 4",
    )
    .await;
    check(
        "index.main",
        "throw new Error('early')",
        "Error",
        &format!("{entry}early"),
    )
    .await;
    check(
        "index.main",
        "await Promise.reject(new RangeError('r')); export {}",
        "RangeError",
        &format!("{entry}r"),
    )
    .await;
    let missing = "\nRequire stack:\n- /opt/function/code/index.js";
    check(
        "index.main",
        "require('./nowhere')",
        "Error",
        &format!("{entry}Cannot find module './nowhere'{missing}"),
    )
    .await;
    check(
        "index.main",
        "import axios from 'axios'",
        "Error",
        &format!("{entry}Cannot find module 'axios'{missing}"),
    )
    .await;
    // There is nothing outside of the package.
    check(
        "index.main",
        "require('../../../../etc/passwd')",
        "Error",
        &format!("{entry}Cannot find module '../../../../etc/passwd'{missing}"),
    )
    .await;
}

#[tokio::test]
async fn what_the_sandbox_lacks_is_said_in_words() {
    let world = World::javascript().await;
    let check = async |body: &str, sentence: &str| {
        let invocation = world.run(&handler(body)).await;
        let (_, failure) = failure(&invocation);
        let message = format!("function invocation exception, error: {sentence}");
        assert_eq!(failure.error_message, message, "{body}");
    };
    let lacks =
        |name: &str, what: &str| format!("Cannot find module '{name}': Sluice's sandbox {what}");
    check(
        "require('fs')",
        &lacks(
            "fs",
            "has no file system; `require` reads the code's own .js and .json files",
        ),
    )
    .await;
    check(
        "require('node:http')",
        &lacks("node:http", "has the global `fetch` of browsers instead"),
    )
    .await;
    check(
        "require('child_process')",
        &lacks("child_process", "has no processes or threads"),
    )
    .await;
    check(
        "require('os')",
        &lacks("os", "runs JavaScript without Node.js and does not have it"),
    )
    .await;
    check(
        "await fetch('http://example.org')",
        "outbound connections are off: add example.org to the function's outbound hosts to reach example.org:80",
    )
    .await;
}

#[tokio::test]
async fn the_usual_globals_work() {
    let world = World::javascript().await;
    let check = async |expression: &str, expected: &str| {
        assert_eq!(
            world
                .result(&handler(&format!("return {expression};")))
                .await,
            expected,
            "{expression}"
        );
    };
    check(
        "Buffer.from('grüße').toString('base64')",
        "\"Z3LDvMOfZQ==\"",
    )
    .await;
    check(
        "require('buffer').Buffer === Buffer && require('node:path').join('a', '../b')",
        "\"b\"",
    )
    .await;
    check(
        "[atob('aGk='), btoa('hi'), new TextDecoder().decode(new TextEncoder().encode('ü'))]",
        "[\"hi\",\"aGk=\",\"ü\"]",
    )
    .await;
    check(
        "new URL('/b?c=1', 'http://a').searchParams.get('c')",
        "\"1\"",
    )
    .await;
    check("structuredClone({ a: new Map([[1, 2]]) }).a.get(1)", "2").await;
    check(
        "[global === globalThis, typeof performance.now(), crypto.randomUUID().length]",
        "[true,\"number\",36]",
    )
    .await;
    check("await new Response(new Blob(['text'])).text()", "\"text\"").await;
    check(
        "Math.abs(Date.now() - new Date().getTime()) < 1000 && Date.now() > 1.7e12",
        "true",
    )
    .await;
    check("require('util').format('%s', { a: 1 })", "\"{ a: 1 }\"").await;
    check("[...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('a')))].slice(0, 2)", "[202,151]").await;
}

#[tokio::test]
async fn timers_run_in_order() {
    let world = World::javascript().await;
    let code = handler(
        "const order = []; const wait = (ms, name) => new Promise(done => setTimeout(() => done(order.push(name)), ms)); \
         let n = 0; const every = setInterval(() => { order.push('i'); if (++n === 2) clearInterval(every); }, 40); \
         const never = setTimeout(() => order.push('never'), 1); clearTimeout(never); setTimeout(() => {}, 100000).unref(); \
         process.nextTick(() => order.push('tick')); setImmediate(() => order.push('now')); \
         await Promise.all([wait(400, 'c'), wait(5, 'a'), wait(60, 'b')]); return order.join(' ');",
    );
    assert_eq!(world.result(&code).await, "\"tick now a i b i c\"");
}

#[tokio::test]
async fn globals_survive_on_a_warm_instance_also_after_an_error() {
    let world = World::javascript().await;
    let deployment = world.deploy("let n = 0; exports.handler = async event => { n += 1; if (!event) throw n; return n; }").await;
    assert_eq!(returned(world.call(&deployment, "1").await), "1");
    failure(&world.call(&deployment, "0").await);
    assert_eq!(returned(world.call(&deployment, "1").await), "3");
}

#[tokio::test]
async fn two_instances_draw_different_random_numbers() {
    let world = World::javascript().await;
    let code = "const x = [Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join()];\n\
                exports.handler = async () => { await new Promise(done => setTimeout(done, 200)); return x; };";
    let deployment = world.deploy(code).await;
    let (one, other) = tokio::join!(world.call(&deployment, "{}"), world.call(&deployment, "{}"));
    let list = |text: String| -> Vec<String> {
        text.split("\",\"")
            .flat_map(|part| part.split(",\""))
            .map(str::to_owned)
            .collect()
    };
    let (one, other) = (list(returned(one)), list(returned(other)));
    assert_eq!((one.len(), other.len()), (3, 3), "{one:?}");
    for (a, b) in one.iter().zip(&other) {
        assert_ne!(a, b);
    }
}

#[tokio::test]
async fn sleeping_functions_hold_no_thread() {
    let world = World::javascript().await;
    let deployment = world
        .deploy(&handler(
            "await new Promise(done => setTimeout(done, 500));",
        ))
        .await;
    let begun = Instant::now();
    let calls = (0..8).map(|_| world.call(&deployment, "{}"));
    for call in futures::future::join_all(calls).await {
        returned(call);
    }
    let took = begun.elapsed();
    assert!(
        Duration::from_millis(500) <= took && took < Duration::from_secs(3),
        "{took:?}"
    );
}

#[tokio::test]
async fn deep_recursion_fails_cleanly() {
    let world = World::javascript().await;
    let check = async |body: &str| {
        let invocation = world.run(&handler(body)).await;
        let (cause, failure) = failure(&invocation);
        assert_eq!(cause, Cause::CodeError, "{body}: {failure:?}");
        assert!(
            failure.error_message.ends_with("too much recursion"),
            "{body}: {failure:?}"
        );
    };
    check("const f = n => f(n + 1) + 1; f(0);").await;
    check("let x = []; for (let i = 0; i < 100000; i++) x = [x]; JSON.stringify(x);").await;
    check("let x = []; for (let i = 0; i < 100000; i++) x = [x]; return x;").await;
    check("const f = () => [2, 1].sort(f); f();").await;
}

#[tokio::test]
async fn garbage_never_uses_up_an_instances_memory() {
    let world = World::javascript().await;
    let check = async |body: &str| {
        let deployment = world.deploy(&handler(body)).await;
        for _ in 0..5 {
            let invocation = world.call(&deployment, "{}").await;
            let (cause, used) = (invocation.record.cause, invocation.record.memory_used_bytes);
            assert!(cause.is_success(), "{body}: {cause:?}, {used} bytes");
        }
    };
    check("for (let i = 0; i < 300; i++) new Uint8Array(1e6).fill(i);").await;
    check("for (let i = 0; i < 300; i++) Buffer.alloc(1e6);").await;
    check("for (let i = 0; i < 2e5; i++) JSON.parse('{\"a\": [1, 2, {\"b\": \"c\"}]}');").await;
}

#[tokio::test]
async fn large_events_never_use_up_an_instances_memory() {
    let world = World::javascript().await;
    let deployment = world
        .deploy("exports.handler = async event => event.length")
        .await;
    let event = format!("\"{}\"", "x".repeat(4 << 20));
    for call in 0..40 {
        let record = world.call(&deployment, &event).await.record;
        assert!(
            record.cause.is_success(),
            "call {call}: {:?}, {} bytes",
            record.cause,
            record.memory_used_bytes
        );
    }
}

#[tokio::test]
async fn an_initializer_runs_once_before_the_first_call() {
    let world = World::javascript().await;
    let initialized = |code: &str| {
        let mut spec = spec_in(Runtime::JavaScript, code);
        spec.settings.initializer = Some(Initializer {
            function: Handler::parse("index.initializer").unwrap(),
            timeout: InitializationTimeout::try_from(1).unwrap(),
        });
        spec
    };
    // By a promise, by the callback, and by just returning.
    for initializer in [
        "async (context) => { await null; prepare(context); }",
        "(context, callback) => setTimeout(() => { prepare(context); callback(null); }, 1)",
        "(context) => prepare(context)",
    ] {
        let code = format!(
            "let count = 0, first;\n\
             function prepare(context) {{ count++; first = context.getRequestID(); console.log('ready'); }}\n\
             exports.initializer = {initializer};\n\
             exports.handler = async (event, context) => [count, first === context.getRequestID()];\n"
        );
        let deployment = world.deploy_spec(initialized(&code)).await.unwrap();
        let cold = world.call(&deployment, "{}").await;
        assert_eq!(own_lines(&cold.record), [("INFO", "ready".to_owned())]);
        assert_eq!(returned(cold), "[1,true]", "{initializer}");
        let warm = world.call(&deployment, "{}").await;
        assert_eq!(returned(warm), "[1,false]", "{initializer}");
    }
    for (code, kind) in [
        (
            "exports.initializer = () => { throw new RangeError('no'); };",
            "RangeError",
        ),
        (
            "exports.initializer = (context, callback) => callback(new Error('no'));",
            "Error",
        ),
        ("", "FunctionConfigError"),
    ] {
        let code = format!("{code}\nexports.handler = async () => console.log('never');\n");
        let deployment = world.deploy_spec(initialized(&code)).await.unwrap();
        let invocation = world.call(&deployment, "{}").await;
        let (cause, failure) = failure(&invocation);
        assert_eq!(
            (cause, failure.error_type.as_str()),
            (Cause::InitializationFailed, kind),
            "{code}"
        );
    }
}
