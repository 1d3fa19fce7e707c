use super::*;
use crate::testing::{TestStore, id, record, recorded_function, records};
use LogLevel::{Debug, Error, Info, Warn};

const ALL_TIME: Period = Period {
    from: Timestamp(0),
    to: Timestamp(i64::MAX),
};

async fn store_with(records: impl IntoIterator<Item = InvocationRecord>) -> TestStore {
    let test = TestStore::new().await;
    let records: Vec<_> = records.into_iter().map(Arc::new).collect();
    test.store.insert_invocations(&records).await.unwrap();
    test
}

fn list() -> RequestListQuery {
    RequestListQuery {
        function_id: recorded_function(),
        period: ALL_TIME,
        request_id: None,
        success: None,
        cause: None,
        keyword: LogQuery::parse("").unwrap(),
        after: None,
        limit: 100,
    }
}

fn logs() -> RequestLogsQuery {
    RequestLogsQuery {
        function_id: recorded_function(),
        period: ALL_TIME,
        request_id: None,
        keyword: LogQuery::parse("").unwrap(),
        levels: LogLevel::ALL.to_vec(),
        limit: 5000,
    }
}

/// The numbers of the records, in order.
fn numbers<'a>(ids: impl IntoIterator<Item = &'a RequestId>) -> Vec<u32> {
    ids.into_iter()
        .map(|id| u32::from_str_radix(&id.as_str()[28..], 16).unwrap())
        .collect()
}

#[tokio::test]
async fn an_invocation_is_read_as_it_was_recorded() {
    let from_test = InvocationRecord {
        origin: Origin::Test,
        cold_start: Some(Duration::from_micros(595_917)),
        log: vec![],
        ..record(1, 10, Cause::ColdStart, &[])
    };
    let log = [
        (Info, "Hello \"from\" print"),
        (Error, "größe\n\0\t\\ \u{1f600}"),
        (Warn, ""),
    ];
    let from_trigger = record(2, 20, Cause::CodeError, &log);
    let test = store_with([from_test.clone(), from_trigger.clone()]).await;
    for record in [&from_test, &from_trigger] {
        let read = test
            .store
            .request_log(&record.function_id, &record.request_id);
        assert_eq!(read.await.unwrap().as_ref(), Some(record));
    }
    let other = FunctionId::from_bytes(id(2));
    let read = test.store.request_log(&other, &from_test.request_id).await;
    assert_eq!(read.unwrap(), None);
    let page = test.store.request_list(&list()).await.unwrap();
    assert_eq!(page.next, None);
    assert_eq!(
        page.rows[1],
        RequestRow {
            request_id: from_test.request_id,
            api_request_id: None,
            started_at: Timestamp(10),
            duration: Duration::from_micros(1260),
            cold_start: Some(Duration::from_micros(595_917)),
            memory_used_bytes: 33_309_261,
            version: "latest".to_owned(),
            cause: Cause::ColdStart,
        }
    );
    assert!(page.rows[0].api_request_id.is_some());
}

#[tokio::test]
async fn a_batch_is_kept_whole_or_not_at_all() {
    let test = TestStore::new().await;
    let mut batch = records(3);
    batch.push(batch[0].clone());
    let twice = test.store.insert_invocations(&batch).await;
    assert!(matches!(twice, Err(StoreError::Database { .. })));
    assert_eq!(test.count("invocation").await, 0);
    batch.pop();
    test.store.insert_invocations(&batch).await.unwrap();
    assert_eq!(test.count("invocation").await, 3);
}

#[tokio::test]
async fn the_request_list_is_filtered() {
    let of_another = InvocationRecord {
        function_id: FunctionId::from_bytes(id(2)),
        ..record(9, 10, Cause::Success, &[])
    };
    let test = store_with([
        record(1, 10, Cause::ColdStart, &[(Info, "apple"), (Info, "pear")]),
        record(2, 20, Cause::Success, &[(Info, "APPLE pie")]),
        record(3, 20, Cause::TimedOut, &[(Error, "pear")]),
        record(4, 30, Cause::CodeError, &[]),
        of_another,
    ])
    .await;
    let check = async |query: RequestListQuery| {
        let page = test.store.request_list(&query).await.unwrap();
        numbers(page.rows.iter().map(|row| &row.request_id))
    };
    let keyword = |text| LogQuery::parse(text).unwrap();
    let period = |from, to| Period {
        from: Timestamp(from),
        to: Timestamp(to),
    };
    assert_eq!(check(list()).await, [4, 3, 2, 1]);
    for (query, expected) in [
        (
            RequestListQuery {
                success: Some(true),
                ..list()
            },
            vec![2, 1],
        ),
        (
            RequestListQuery {
                success: Some(false),
                ..list()
            },
            vec![4, 3],
        ),
        (
            RequestListQuery {
                cause: Some(Cause::TimedOut),
                ..list()
            },
            vec![3],
        ),
        (
            RequestListQuery {
                cause: Some(Cause::DiskExceeded),
                ..list()
            },
            vec![],
        ),
        (
            RequestListQuery {
                period: period(20, 20),
                ..list()
            },
            vec![3, 2],
        ),
        (
            RequestListQuery {
                period: period(11, 19),
                ..list()
            },
            vec![],
        ),
        (
            RequestListQuery {
                keyword: keyword("apple"),
                ..list()
            },
            vec![2, 1],
        ),
        (
            RequestListQuery {
                keyword: keyword("apple && pear"),
                ..list()
            },
            vec![],
        ),
        (
            RequestListQuery {
                keyword: keyword("pie || pear"),
                success: Some(false),
                ..list()
            },
            vec![3],
        ),
        (
            RequestListQuery {
                request_id: Some(RequestId::from_bytes(id(2))),
                ..list()
            },
            vec![2],
        ),
        (
            RequestListQuery {
                request_id: Some(RequestId::from_bytes(id(9))),
                ..list()
            },
            vec![],
        ),
    ] {
        let text = format!("{query:?}");
        assert_eq!(check(query).await, expected, "{text}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    // Several in one millisecond, so that a page ends between them.
    let test = store_with((0..20).map(|n| {
        let word = if n % 3 == 0 { "third" } else { "other" };
        record(n, i64::from(n / 4), Cause::Success, &[(Info, word)])
    }))
    .await;
    for (keyword, expected) in [
        ("", (0..20).rev().collect::<Vec<_>>()),
        ("third", (0..20).rev().filter(|n| n % 3 == 0).collect()),
    ] {
        for limit in [1, 2, 3, 7, 19, 20, 21] {
            let mut query = RequestListQuery {
                keyword: LogQuery::parse(keyword).unwrap(),
                limit,
                ..list()
            };
            let mut seen = Vec::new();
            loop {
                let page = test.store.request_list(&query).await.unwrap();
                assert!(page.rows.len() <= limit);
                seen.extend(numbers(page.rows.iter().map(|row| &row.request_id)));
                assert!(seen.len() <= 20, "goes round in circles");
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{keyword:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
async fn the_request_logs_are_filtered_line_by_line() {
    let test = store_with([
        record(
            1,
            10,
            Cause::Success,
            &[(Info, "one apple"), (Debug, "two")],
        ),
        record(
            2,
            20,
            Cause::Success,
            &[(Warn, "three"), (Error, "four apple")],
        ),
    ])
    .await;
    let check = async |query: RequestLogsQuery| {
        let found = test.store.request_logs(&query).await.unwrap();
        let texts = found.lines.iter().map(|(_, line)| line.text.as_str());
        let ids = numbers(found.lines.iter().map(|(id, _)| id));
        (texts.collect::<Vec<_>>().join(", "), ids, found.more)
    };
    let keyword = LogQuery::parse("apple").unwrap();
    for (query, texts, ids, more) in [
        (
            logs(),
            "four apple, three, two, one apple",
            vec![2, 2, 1, 1],
            false,
        ),
        (
            RequestLogsQuery { keyword, ..logs() },
            "four apple, one apple",
            vec![2, 1],
            false,
        ),
        (
            RequestLogsQuery {
                levels: vec![Error, Warn],
                ..logs()
            },
            "four apple, three",
            vec![2, 2],
            false,
        ),
        (
            RequestLogsQuery {
                levels: vec![],
                ..logs()
            },
            "",
            vec![],
            false,
        ),
        (
            RequestLogsQuery { limit: 3, ..logs() },
            "four apple, three, two",
            vec![2, 2, 1],
            true,
        ),
        (
            RequestLogsQuery { limit: 4, ..logs() },
            "four apple, three, two, one apple",
            vec![2, 2, 1, 1],
            false,
        ),
        (
            RequestLogsQuery {
                request_id: Some(RequestId::from_bytes(id(1))),
                ..logs()
            },
            "two, one apple",
            vec![1, 1],
            false,
        ),
    ] {
        let text = format!("{query:?}");
        assert_eq!(check(query).await, (texts.to_owned(), ids, more), "{text}");
    }
}

#[tokio::test]
async fn a_long_search_stops_and_says_where() {
    let long = "x".repeat(4 * 1024 * 1024);
    let test = store_with((0..40).map(|n| {
        let log = [
            (Info, long.as_str()),
            (Info, if n == 0 { "needle" } else { "hay" }),
        ];
        record(n, i64::from(n), Cause::Success, &log)
    }))
    .await;
    let mut query = RequestListQuery {
        keyword: LogQuery::parse("needle").unwrap(),
        ..list()
    };
    let first = test.store.request_list(&query).await.unwrap();
    assert_eq!(first.rows, []);
    query.after = first.next;
    assert!(query.after.is_some());
    let second = test.store.request_list(&query).await.unwrap();
    assert_eq!((second.rows.len(), second.next), (1, None));
}

#[tokio::test]
async fn a_listing_reads_the_index_in_order_and_no_log() {
    let test = TestStore::new().await;
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "explain query plan select cause from invocation
         where function_id = ?1 and started_at_ms between ?2 and ?3
             and (started_at_ms, request_id) < (?4, ?5) and (?6 is null or cause = ?6)
         order by started_at_ms desc, request_id desc",
    )
    .fetch_all(&test.store.readers)
    .await
    .unwrap();
    let plan: Vec<_> = plan.into_iter().map(|step| step.3).collect();
    assert_eq!(
        plan,
        [
            "SEARCH invocation USING COVERING INDEX invocation_list (function_id=? AND started_at_ms>? AND started_at_ms<?)"
        ]
    );
}

#[tokio::test]
async fn the_table_refuses_half_an_origin_and_impossible_numbers() {
    let test = store_with([record(1, 10, Cause::Success, &[])]).await;
    for wrong in [
        "update invocation set trigger_id = null",
        "update invocation set api_request_id = null",
        "update invocation set origin = 'TEST'",
        "update invocation set origin = 'CRON'",
        "update invocation set duration_us = -1",
        "update invocation set cold_start_us = -1",
        "update invocation set memory_used_bytes = -1",
        "update invocation set log = null",
        "update invocation set version = ''",
    ] {
        assert!(test.sql(wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_damaged_log_is_an_error_that_names_its_place() {
    let test = store_with([record(1, 10, Cause::Success, &[])]).await;
    for log in ["", "[[1,\"INFO\"]]", "[[1,\"LOUD\",\"x\"]]"] {
        test.sql(&format!("update invocation set log = '{log}'"))
            .await
            .unwrap();
        let error = test.store.request_logs(&logs()).await.unwrap_err();
        assert!(error.to_string().ends_with("invocation.log"), "{error}");
    }
}
