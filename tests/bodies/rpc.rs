//! JSON-RPC: every request has an answer of the specification's form, and leaves nothing that cannot be read.

use burrow::{InMemoryRuntimeStore, MetadataScope, PersistentMetadataStore, RuntimeMetadataTable, rpc::RpcHandler};
use futures_util::FutureExt;
use serde_json::{Value, value::RawValue};

use super::Bytes;

const METHODS: [&str; 16] = [
    "mobkit/mob_labels/set",
    "mobkit/mob_labels/get",
    "mobkit/mob_labels/delete",
    "mobkit/run_labels/set",
    "mobkit/run_labels/get",
    "mobkit/run_labels/delete",
    "burrow/labels/list",
    "burrow/labels/select",
    "burrow/labels/patch",
    "burrow/labels/compare_and_set",
    "burrow/cursor/get",
    "burrow/cursor/set",
    "burrow/cursor/advance",
    "burrow/cursor/compare_and_set",
    "burrow/none",
    "",
];

/// Members and values, right ones and wrong ones.
const PARAMS: [&str; 18] = [
    r#""mob_id":"m""#,
    r#""mob_id":"""#,
    r#""mob_id":null"#,
    r#""run_id":"r""#,
    r#""run_id":7"#,
    r#""labels":{"env":"dev"}"#,
    r#""labels":{"a":"\ud83e"}"#,
    r#""labels":{"a":1}"#,
    r#""labels":[]"#,
    r#""set":{"a":"b"}"#,
    r#""remove":["a"]"#,
    r#""remove":[null]"#,
    r#""selector":"env in (dev)""#,
    r#""selector":",""#,
    r#""cursor":18446744073709551615"#,
    r#""cursor":"18446744073709551616""#,
    r#""expected":null"#,
    r#""expected":{}"#,
];

/// The first byte says whether the rest is a request as text, or how to make some.
pub fn body(data: &[u8]) {
    let mut bytes = Bytes(data);
    let store = InMemoryRuntimeStore::new();
    if bytes.byte() % 2 == 0 {
        return answered(&store, &String::from_utf8_lossy(bytes.0));
    }
    for _ in 0..4 {
        let requests: Vec<_> = (0..1 + bytes.below(3)).map(|_| request(&mut bytes)).collect();
        match requests.as_slice() {
            [one] => answered(&store, one),
            batch => answered(&store, &format!("[{}]", batch.join(","))),
        }
    }
}

fn request(bytes: &mut Bytes<'_>) -> String {
    let params: Vec<_> = (0..bytes.below(5)).map(|_| bytes.one_of(&PARAMS)).collect();
    let id = bytes.one_of(&["", r#","id":1"#, r#","id":"a""#, r#","id":null"#, r#","id":[]"#]);
    let version = bytes.one_of(&["2.0", "2.0", "2.0", "1.0"]);
    let method = bytes.one_of(&METHODS);
    format!(r#"{{"jsonrpc":"{version}","method":"{method}","params":{{{}}}{id}}}"#, params.join(","))
}

fn answered(store: &InMemoryRuntimeStore, request: &str) {
    // How deep JSON may be nested is burrow's own rule, with tests of its own.
    if request.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > 100 {
        return;
    }
    let answer = RpcHandler::for_mob(store, "own").handle(request).now_or_never().unwrap();
    let is_json = serde_json::from_str::<&RawValue>(request).is_ok();
    match answer.map(|answer| serde_json::from_str::<Value>(&answer).unwrap_or_else(|e| panic!("{e}: {answer}"))) {
        None => assert!(is_json, "no answer to {request}"),
        Some(Value::Array(answers)) => {
            assert!(is_json && !answers.is_empty(), "{request}");
            answers.iter().for_each(|answer| assert_form(answer, request));
        }
        Some(answer) => {
            assert_form(&answer, request);
            assert_eq!(answer["error"]["code"] == -32700, !is_json, "{answer} to {request}");
        }
    }
    let all = async {
        for mob in store.list_mobs(None, 100).await.unwrap() {
            store.get_subscription_cursor(&mob).await.unwrap();
            for (scope, labels) in store.list_labels_for_mob(&mob).await.unwrap() {
                assert_eq!(store.get_labels(&scope).await.unwrap(), labels);
                assert!(!labels.is_empty() && matches!(scope, MetadataScope::Mob(_) | MetadataScope::Run(..)));
            }
        }
    };
    all.now_or_never().unwrap();
}

fn assert_form(answer: &Value, request: &str) {
    let members = answer.as_object().unwrap();
    let [result, error] = ["result", "error"].map(|name| members.contains_key(name));
    let is_whole = answer["jsonrpc"] == "2.0" && members.contains_key("id") && result != error && members.len() == 3;
    assert!(is_whole, "{answer} to {request}");
    if error {
        assert!(answer["error"]["code"].is_i64() && answer["error"]["message"].is_string(), "{answer} to {request}");
        assert_ne!(answer["error"]["data"]["code"], "Internal", "{answer} to {request}");
    }
}
