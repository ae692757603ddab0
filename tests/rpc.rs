//! JSON-RPC 2.0: the specification's own examples, and the methods.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, missing_docs)]

use burrow::{
    InMemoryRuntimeStore, LogicalRuntimeId, RunBoundary, RunBoundaryReceipt, RunId, RuntimeStore, SessionDelta,
    rpc::RpcHandler,
};
use serde_json::{Value, json};

async fn answer(store: &InMemoryRuntimeStore, request: &str) -> Option<Value> {
    let answer = RpcHandler::for_mob(store, "m").handle(request).await;
    answer.map(|text| serde_json::from_str(&text).unwrap())
}

async fn call(store: &InMemoryRuntimeStore, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
    let mut answer = answer(store, &request.to_string()).await.unwrap();
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(1)));
    if answer["error"].is_null() { answer["result"].take() } else { answer["error"].take() }
}

fn error(code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": null})
}

/// Section 7 of the specification, with our methods in place of its `subtract`, `sum` and the like.
#[tokio::test]
async fn the_specifications_examples() {
    let store = InMemoryRuntimeStore::new();
    let got = |id: Value| json!({"jsonrpc": "2.0", "result": {"labels": {}}, "id": id});

    // rpc call with named parameters
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/run_labels/get", "params": {"run_id": "r"}, "id": 3}"#;
    assert_eq!(answer(&store, request).await, Some(got(json!(3))));
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": "1"}"#;
    assert_eq!(answer(&store, request).await, Some(got(json!("1"))));

    // rpc call with positional parameters: none of our methods takes them
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/run_labels/get", "params": ["r", 23], "id": 1}"#;
    assert_eq!(answer(&store, request).await.unwrap()["error"]["code"], -32602);

    // a notification
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/set", "params": {"labels": {"a": "b"}}}"#;
    assert_eq!(answer(&store, request).await, None);
    assert_eq!(call(&store, "mobkit/mob_labels/get", json!({})).await, json!({"labels": {"a": "b"}}));
    assert_eq!(answer(&store, r#"{"jsonrpc": "2.0", "method": "foobar"}"#).await, None);

    // rpc call of non-existent method
    let request = r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#;
    let expected = json!({"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"});
    assert_eq!(answer(&store, request).await, Some(expected));

    // rpc call with invalid JSON
    let request = r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#;
    assert_eq!(answer(&store, request).await, Some(error(-32700, "Parse error")));

    // rpc call with invalid Request object
    let request = r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#;
    assert_eq!(answer(&store, request).await, Some(error(-32600, "Invalid Request")));

    // rpc call Batch, invalid JSON
    let request = r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#;
    assert_eq!(answer(&store, request).await, Some(error(-32700, "Parse error")));

    // rpc call with an empty Array, with an invalid Batch (but not empty), with invalid Batch
    assert_eq!(answer(&store, "[]").await, Some(error(-32600, "Invalid Request")));
    assert_eq!(answer(&store, "[1]").await, Some(json!([error(-32600, "Invalid Request")])));
    let three =
        json!([error(-32600, "Invalid Request"), error(-32600, "Invalid Request"), error(-32600, "Invalid Request")]);
    assert_eq!(answer(&store, "[1,2,3]").await, Some(three));

    // rpc call Batch
    let request = r#"[
        {"jsonrpc": "2.0", "method": "mobkit/mob_labels/delete", "id": "1"},
        {"jsonrpc": "2.0", "method": "mobkit/mob_labels/set", "params": {"labels": {"c": "d"}}},
        {"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "mobkit/run_labels/get", "params": {"run_id": "r"}, "id": "9"}
    ]"#;
    let expected = json!([
        {"jsonrpc": "2.0", "result": {"accepted": true}, "id": "1"},
        {"jsonrpc": "2.0", "result": {"labels": {"c": "d"}}, "id": "2"},
        error(-32600, "Invalid Request"),
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
        got(json!("9")),
    ]);
    assert_eq!(answer(&store, request).await, Some(expected));

    // rpc call Batch (all notifications)
    let request = r#"[
        {"jsonrpc": "2.0", "method": "mobkit/mob_labels/get"},
        {"jsonrpc": "2.0", "method": "foobar", "params": [7]}
    ]"#;
    assert_eq!(answer(&store, request).await, None);
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let store = InMemoryRuntimeStore::new();
    for request in [
        "1",
        "null",
        "\"x\"",
        "{}",
        r#"{"method": "mobkit/mob_labels/get"}"#,
        r#"{"jsonrpc": "1.0", "method": "mobkit/mob_labels/get"}"#,
        r#"{"jsonrpc": 2.0, "method": "mobkit/mob_labels/get"}"#,
        r#"{"jsonrpc": "2.0"}"#,
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "params": "bar"}"#,
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "params": null}"#,
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": {}}"#,
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": true}"#,
    ] {
        assert_eq!(answer(&store, request).await, Some(error(-32600, "Invalid Request")), "{request}");
    }
    assert_eq!(answer(&store, "").await, Some(error(-32700, "Parse error")));
    // An id that can be told is given back, to the letter.
    let request = r#" { "jsonrpc": "2.0", "id": 1.50 } "#;
    let text = RpcHandler::new(&store).handle(request).await.unwrap();
    assert!(text.ends_with(r#""id":1.50}"#), "{text}");
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "params": {"mob_id": "m"}, "id": null}"#;
    let expected = json!({"jsonrpc": "2.0", "result": {"labels": {}}, "id": null});
    assert_eq!(answer(&store, request).await, Some(expected));
}

#[tokio::test]
async fn labels_are_set_got_and_deleted() {
    let store = InMemoryRuntimeStore::new();
    for (area, params) in [("mob_labels", json!({})), ("run_labels", json!({"run_id": "r"}))] {
        let with = |name: &str, value: Value| {
            let mut params = params.clone();
            params[name] = value;
            params
        };
        let method = |verb: &str| format!("mobkit/{area}/{verb}");
        let labels = json!({"env": "dev", "__proto__": "x"});
        assert_eq!(call(&store, &method("set"), with("labels", labels.clone())).await, json!({"accepted": true}));
        assert_eq!(call(&store, &method("get"), params.clone()).await, json!({"labels": labels}));
        assert_eq!(call(&store, &method("get"), with("mob_id", json!("another"))).await, json!({"labels": {}}));
        for none in [json!(null), json!({})] {
            call(&store, &method("set"), with("labels", json!({"a": "b"}))).await;
            assert_eq!(call(&store, &method("set"), with("labels", none)).await, json!({"accepted": true}));
            assert_eq!(call(&store, &method("get"), params.clone()).await, json!({"labels": {}}));
        }
        call(&store, &method("set"), with("labels", json!({"a": "b"}))).await;
        for bad in [json!([]), json!("x"), json!({"a": 1}), json!({"a": null}), json!(false)] {
            let error = call(&store, &method("set"), with("labels", bad)).await;
            assert_eq!(error["code"], -32602);
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with("Invalid params: labels must be a map of string to string: "), "{message}");
        }
        assert_eq!(call(&store, &method("get"), params.clone()).await, json!({"labels": {"a": "b"}}));
        assert_eq!(call(&store, &method("delete"), params.clone()).await, json!({"accepted": true}));
        assert_eq!(call(&store, &method("get"), params.clone()).await, json!({"labels": {}}));
        assert_eq!(call(&store, &method("set"), params.clone()).await, json!({"accepted": true}));
    }
}

#[tokio::test]
async fn ids_that_are_missing_or_empty_are_told() {
    let store = InMemoryRuntimeStore::new();
    for params in [json!({}), json!({"run_id": ""}), json!({"run_id": 7}), json!({"run_id": null})] {
        for verb in ["set", "get", "delete"] {
            let error = call(&store, &format!("mobkit/run_labels/{verb}"), params.clone()).await;
            let data = json!({"code": "InvalidInput", "retryable": false, "argument": "run_id"});
            assert_eq!(error, json!({"code": -32602, "message": "Invalid params: run_id required", "data": data}));
        }
    }
    for request in [
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": 1}"#,
        r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "params": {"mob_id": ""}, "id": 1}"#,
    ] {
        let answer = RpcHandler::new(&store).handle(request).await.unwrap();
        assert!(answer.contains(r#"{"code":-32602,"message":"Invalid params: mob_id required","data":"#), "{answer}");
    }
}

#[tokio::test]
async fn labels_are_listed_and_selected() {
    let store = InMemoryRuntimeStore::new();
    call(&store, "mobkit/mob_labels/set", json!({"labels": {"env": "dev"}})).await;
    call(&store, "mobkit/run_labels/set", json!({"run_id": "r", "labels": {"env": "prod"}})).await;
    call(&store, "mobkit/mob_labels/set", json!({"mob_id": "n", "labels": {"env": "dev", "canary": ""}})).await;
    let entries = json!({"entries": [{"labels": {"env": "dev"}}, {"run_id": "r", "labels": {"env": "prod"}}]});
    assert_eq!(call(&store, "burrow/labels/list", json!({})).await, entries);
    let entries = json!({"entries": [{"mob_id": "m", "labels": {"env": "dev"}}]});
    assert_eq!(call(&store, "burrow/labels/select", json!({"selector": "env=dev,!canary"})).await, entries);
    let entries = json!({"entries": [{"mob_id": "m", "run_id": "r", "labels": {"env": "prod"}}]});
    assert_eq!(call(&store, "burrow/labels/select", json!({"selector": "env in (prod)"})).await, entries);
    assert_eq!(call(&store, "burrow/labels/select", json!({"selector": "in ("})).await["code"], -32602);
    assert_eq!(call(&store, "burrow/labels/select", json!({})).await["code"], -32602);
}

#[tokio::test]
async fn a_cursor_is_a_number_where_a_double_is_exact_and_a_string_beyond() {
    let store = InMemoryRuntimeStore::new();
    assert_eq!(call(&store, "burrow/cursor/get", json!({})).await, json!({"cursor": null}));
    for (sent, got) in [
        (json!(0), json!(0)),
        (json!("7"), json!(7)),
        (json!(9007199254740991u64), json!(9007199254740991u64)),
        (json!(9007199254740992u64), json!("9007199254740992")),
        (json!("18446744073709551615"), json!("18446744073709551615")),
        (json!(18446744073709551615u64), json!("18446744073709551615")),
    ] {
        let accepted = call(&store, "burrow/cursor/set", json!({"cursor": sent})).await;
        assert_eq!(accepted, json!({"accepted": true}));
        assert_eq!(call(&store, "burrow/cursor/get", json!({})).await, json!({"cursor": got}));
    }
    for bad in [json!(-1), json!(1.5), json!("x"), json!("18446744073709551616"), json!(null), json!({})] {
        let error = call(&store, "burrow/cursor/set", json!({"cursor": bad})).await;
        assert_eq!(error["code"], -32602, "{error}");
    }
}

#[tokio::test]
async fn a_failure_of_the_store_is_an_internal_error() {
    let store = InMemoryRuntimeStore::new();
    store.close();
    let error = call(&store, "mobkit/mob_labels/get", json!({})).await;
    assert_eq!(error["code"], -32603);
    assert!(error["message"].as_str().unwrap().starts_with("Internal error: closed"), "{error}");
    assert_eq!(error["data"], json!({"code": "Closed", "retryable": false}));
}

#[tokio::test]
async fn labels_and_cursors_merge_and_compare() {
    let store = InMemoryRuntimeStore::new();
    let accepted = json!({"accepted": true});
    for scope in [json!({}), json!({"run_id": "r"})] {
        let with = |members: Value| {
            let mut params = scope.clone();
            params.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            params
        };
        let (patch, compare) = ("burrow/labels/patch", "burrow/labels/compare_and_set");
        let added = call(&store, patch, with(json!({"set": {"env": "dev", "team": "a"}}))).await;
        assert_eq!(added, json!({"labels": {"env": "dev", "team": "a"}}));
        let kept = json!({"labels": {"env": "prod"}});
        assert_eq!(call(&store, patch, with(json!({"set": {"env": "prod"}, "remove": ["team", "x"]}))).await, kept);
        for bad in [json!({"set": []}), json!({"remove": "env"}), json!({"remove": ["env"], "set": {"env": "x"}})] {
            let error = call(&store, patch, with(bad)).await;
            assert_eq!((&error["code"], &error["data"]["code"]), (&json!(-32602), &json!("InvalidInput")), "{error}");
        }
        let conflict = call(&store, compare, with(json!({"labels": {"env": "x"}}))).await;
        assert_eq!(conflict["code"], -32603);
        assert_eq!(conflict["data"], json!({"code": "Conflict", "retryable": false}));
        assert_eq!(call(&store, patch, scope.clone()).await, kept);
        let swap = with(json!({"expected": {"env": "prod"}, "labels": {"env": "x"}}));
        assert_eq!(call(&store, compare, swap).await, accepted);
        assert_eq!(call(&store, patch, scope.clone()).await, json!({"labels": {"env": "x"}}));
    }
    let (advance, compare) = ("burrow/cursor/advance", "burrow/cursor/compare_and_set");
    assert_eq!(
        call(&store, advance, json!({"cursor": "9007199254740993"})).await,
        json!({"cursor": "9007199254740993"})
    );
    assert_eq!(call(&store, advance, json!({"cursor": 7})).await, json!({"cursor": "9007199254740993"}));
    for expected in [json!({}), json!({"expected": null}), json!({"expected": 7})] {
        let mut params = expected;
        params["cursor"] = json!(1);
        assert_eq!(call(&store, compare, params).await["data"]["code"], "Conflict");
    }
    assert_eq!(call(&store, compare, json!({"expected": "9007199254740993", "cursor": 1})).await, accepted);
    assert_eq!(call(&store, "burrow/cursor/get", json!({})).await, json!({"cursor": 1}));
}

#[tokio::test]
async fn what_the_store_refuses_as_invalid_input_is_invalid_params() {
    let store = InMemoryRuntimeStore::new();
    let request = r#"{"jsonrpc": "2.0", "method": "mobkit/mob_labels/get", "id": 1}"#;
    let answer = RpcHandler::for_mob(&store, "").handle(request).await.unwrap();
    assert!(answer.contains(r#""code":-32602"#) && answer.contains("mob_id"), "{answer}");
}

/// A label that one door accepts must be readable by all others.
#[tokio::test]
async fn labels_with_half_a_character_are_refused_and_change_nothing() {
    let store = InMemoryRuntimeStore::new();
    call(&store, "mobkit/mob_labels/set", json!({"labels": {"a": "b"}})).await;
    for labels in [r#"{"a":"\ud83e"}"#, r#"{"\ud83e":"a"}"#, r#"{"a":"\udde0\ud83e"}"#] {
        let request =
            format!(r#"{{"jsonrpc":"2.0","method":"mobkit/mob_labels/set","params":{{"labels":{labels}}},"id":1}}"#);
        assert_eq!(answer(&store, &request).await.unwrap()["error"]["code"], -32602, "{labels}");
    }
    assert_eq!(call(&store, "mobkit/mob_labels/get", json!({})).await, json!({"labels": {"a": "b"}}));
}

#[tokio::test]
async fn runtimes_are_recovered_counted_pruned_and_deleted() {
    let (store, id) = (InMemoryRuntimeStore::new(), LogicalRuntimeId::new("r").unwrap());
    let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, 0);
    for sequence in 0..3 {
        let receipt = RunBoundaryReceipt { sequence, ..receipt.clone() };
        store.atomic_apply(&id, Some(SessionDelta::new(*b"\x00\xff")), receipt, vec![], None).await.unwrap();
    }
    store.claim(&id).await.unwrap();
    let of = |params: Value| {
        let mut all = json!({"runtime_id": "r"});
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        all
    };
    let recovered = call(&store, "burrow/runtime/recover", of(json!({}))).await;
    let last = serde_json::to_value(RunBoundaryReceipt { sequence: 2, ..receipt.clone() }).unwrap();
    let expected =
        json!({"state": "initializing", "session": "AP8=", "inputs": [], "last_receipt": last, "epoch": "1"});
    assert_eq!(recovered, expected);
    let counts = call(&store, "burrow/runtime/counts", of(json!({}))).await;
    let counted = json!({"live_inputs": {}, "terminal_inputs": 0, "receipts": 3, "runs": 1, "session_bytes": 2});
    assert_eq!(counts, counted);

    let would = call(&store, "burrow/runtime/prune", of(json!({"keep_receipts": 1, "dry_run": true}))).await;
    assert_eq!(would, json!({"receipts": 2, "inputs": 0}));
    assert_eq!(
        call(&store, "burrow/runtime/prune", of(json!({"before": 1000}))).await,
        json!({"receipts": 0, "inputs": 0})
    );
    assert_eq!(call(&store, "burrow/runtime/prune", of(json!({"keep_receipts": "1"}))).await, would);
    for (params, argument) in [
        (of(json!({})), "options"),
        (of(json!({"keep_receipts": -1})), "keep_receipts"),
        (of(json!({"dry_run": 1, "keep_receipts": 1})), "dry_run"),
        (of(json!({"keep_receipts": 0, "dryRun": true})), "params"),
        (of(json!({"before": 4000, "keepReceipts": 100})), "params"),
        (json!({"runtime_id": ""}), "runtime_id"),
        (json!({}), "runtime_id"),
    ] {
        let refused = call(&store, "burrow/runtime/prune", params).await;
        assert_eq!(refused["code"], -32602, "{refused}");
        assert_eq!(refused["data"], json!({"code": "InvalidInput", "retryable": false, "argument": argument}));
    }
    assert_eq!(call(&store, "burrow/runtime/delete", of(json!({}))).await, json!({"accepted": true}));
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
    assert_eq!(call(&store, "burrow/runtime/rest", of(json!({}))).await["code"], -32601);
}
