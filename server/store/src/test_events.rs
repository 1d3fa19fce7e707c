//! Test events of functions.

use sluice_domain::id::FunctionId;
use sluice_domain::test_event::{MAX_TEST_EVENTS, TestEvent, TestEventName};

use crate::error::{damaged, doing, found, unique};
use crate::{Kind, Store, StoreError};

impl Store {
    /// Adds a test event to a function.
    pub async fn create_test_event(
        &self,
        function_id: &FunctionId,
        event: &TestEvent,
    ) -> Result<(), StoreError> {
        let (id, name) = (function_id.as_str(), event.name.as_str());
        let content = event.content.as_str();
        let mut tx = self.begin().await?;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!: i64" from test_event where function_id = ? and name <> ?"#,
            id,
            name
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing("counting the test events"))?;
        // One of this name is what the user is told of rather.
        if count.unsigned_abs() >= MAX_TEST_EVENTS as u64 {
            return Err(StoreError::TooManyTestEvents);
        }
        sqlx::query!(
            "insert into test_event (function_id, name, content) values (?, ?, ?)",
            id,
            name,
            content
        )
        .execute(&mut *tx)
        .await
        .map_err(unique(
            || StoreError::TestEventNameTaken(event.name.clone()),
            "inserting a test event",
        ))?;
        tx.commit().await.map_err(doing("inserting a test event"))
    }

    /// Changes what a test event hands over. Its name stays.
    pub async fn update_test_event(
        &self,
        function_id: &FunctionId,
        event: &TestEvent,
    ) -> Result<(), StoreError> {
        let (id, name) = (function_id.as_str(), event.name.as_str());
        let content = event.content.as_str();
        let result = sqlx::query!(
            "update test_event set content = ? where function_id = ? and name = ?",
            content,
            id,
            name
        )
        .execute(&self.writer)
        .await
        .map_err(doing("updating a test event"))?;
        found(result, Kind::TestEvent)
    }

    /// The test events of a function, by name.
    pub async fn test_events_of(
        &self,
        function_id: &FunctionId,
    ) -> Result<Vec<TestEvent>, StoreError> {
        let id = function_id.as_str();
        let rows = sqlx::query!(
            "select name, content from test_event where function_id = ? order by lower(name), name",
            id
        )
        .fetch_all(&self.readers)
        .await
        .map_err(doing("listing the test events of a function"))?;
        rows.into_iter()
            .map(|row| {
                let content = row.content.parse();
                Ok(TestEvent {
                    name: row.name.parse().map_err(damaged("test_event", "name"))?,
                    content: content.map_err(damaged("test_event", "content"))?,
                })
            })
            .collect()
    }

    /// Deletes a test event.
    pub async fn delete_test_event(
        &self,
        function_id: &FunctionId,
        name: &TestEventName,
    ) -> Result<(), StoreError> {
        let (id, text) = (function_id.as_str(), name.as_str());
        let result = sqlx::query!(
            "delete from test_event where function_id = ? and name = ?",
            id,
            text
        )
        .execute(&self.writer)
        .await
        .map_err(doing("deleting a test event"))?;
        found(result, Kind::TestEvent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, function};

    fn event(name: &str, content: &str) -> TestEvent {
        TestEvent {
            name: name.parse().unwrap(),
            content: content.parse().unwrap(),
        }
    }

    async fn names(test: &TestStore, id: &FunctionId) -> String {
        let events = test.store.test_events_of(id).await.unwrap();
        let told = |event: TestEvent| format!("{} {}", event.name, event.content);
        events.into_iter().map(told).collect::<Vec<_>>().join(", ")
    }

    #[tokio::test]
    async fn test_events_are_of_one_function_and_go_with_it() {
        let test = TestStore::new().await;
        let store = &test.store;
        let [one, other] = [function(1, "one", 0), function(2, "other", 0)];
        for new in [&one, &other] {
            store.create_function(new).await.unwrap();
        }
        let (one, other) = (one.function_id, other.function_id);
        for (id, name) in [(&one, "b"), (&one, "A"), (&other, "b")] {
            store
                .create_test_event(id, &event(name, "1"))
                .await
                .unwrap();
        }
        assert_eq!(names(&test, &one).await, "A 1, b 1");
        let taken = store.create_test_event(&one, &event("b", "2")).await;
        assert!(
            matches!(taken, Err(StoreError::TestEventNameTaken(_))),
            "{taken:?}"
        );
        store
            .update_test_event(&one, &event("b", "3"))
            .await
            .unwrap();
        assert_eq!(names(&test, &one).await, "A 1, b 3");
        let missing = store.update_test_event(&one, &event("c", "3")).await;
        assert!(matches!(
            missing,
            Err(StoreError::NotFound(Kind::TestEvent))
        ));
        store
            .delete_test_event(&one, &"A".parse().unwrap())
            .await
            .unwrap();
        let missing = store.delete_test_event(&one, &"A".parse().unwrap()).await;
        assert!(matches!(
            missing,
            Err(StoreError::NotFound(Kind::TestEvent))
        ));
        assert_eq!(
            (names(&test, &one).await, names(&test, &other).await),
            ("b 3".to_owned(), "b 1".to_owned())
        );
        store.delete_function(&one).await.unwrap();
        assert_eq!(test.count("test_event").await, 1);
    }

    #[tokio::test]
    async fn a_function_has_ten_test_events_at_most() {
        let test = TestStore::new().await;
        let demo = function(1, "demo", 0);
        test.store.create_function(&demo).await.unwrap();
        let create = async |n: usize| {
            let new = event(&format!("event-{n}"), "{}");
            test.store.create_test_event(&demo.function_id, &new).await
        };
        for n in 0..MAX_TEST_EVENTS {
            create(n).await.unwrap();
        }
        assert!(matches!(
            create(10).await,
            Err(StoreError::TooManyTestEvents)
        ));
        assert!(matches!(
            create(3).await,
            Err(StoreError::TestEventNameTaken(_))
        ));
    }
}
