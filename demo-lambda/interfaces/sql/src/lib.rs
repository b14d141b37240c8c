//! Answers SQL queries over an in-memory database.

use lmms::schemars::{self, JsonSchema};
use parking_lot::Mutex;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The most rows that a query may return.
const MAX_ROWS: usize = 1000;
/// The most columns that a query may return.
const MAX_COLUMNS: i32 = 100;
/// The most instructions that a query may take, in thousands.
const MAX_STEPS: u32 = 20_000;
/// The longest statement, and the most text that a query may return, in bytes.
const MAX_BYTES: i32 = 1024 * 1024;

/// A bookshop in SQLite: the tables `books`, `customers` and `orders`, which can be read but not changed.
pub struct Sql {
    connection: Mutex<Connection>,
    steps: Arc<AtomicU32>,
}

/// The result of a query.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
}

/// Why a call to [`Sql`] failed.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// More than a SELECT.
    #[error("expected a query that only reads: SELECT, WITH or VALUES")]
    ReadOnly,
    /// A parameter that has no SQL type.
    #[error("expected parameter {0} to be null, a boolean, a number or a string")]
    Parameter(usize),
    /// Too large a result.
    #[error("expected at most {MAX_ROWS} rows and {MAX_BYTES} bytes of text: add a LIMIT")]
    Size,
    /// Too much work.
    #[error("the query was stopped after {MAX_STEPS} thousand steps")]
    Steps,
    /// SQLite's own complaint.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Answers SQL queries over an in-memory database.
#[lmms::interface(memory_mb = 8)]
impl Sql {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, SqlError> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(include_str!("seed.sql"))?;
        // From here on strangers write the statements.
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_BYTES)?;
        connection.set_limit(Limit::SQLITE_LIMIT_COLUMN, MAX_COLUMNS)?;
        connection.authorizer(Some(reads_only))?;
        let steps = Arc::new(AtomicU32::new(0));
        let taken = Arc::clone(&steps);
        // Relaxed: the handler runs on the thread that reset the counter, under the mutex.
        connection.progress_handler(1000, Some(move || taken.fetch_add(1, Ordering::Relaxed) >= MAX_STEPS))?;
        Ok(Self { connection: Mutex::new(connection), steps })
    }

    /// Runs one query that only reads; `params` take the places of its `?`s.
    #[operation]
    pub fn query(&self, sql: &str, #[default] params: Vec<Value>) -> Result<Table, SqlError> {
        let params = params.into_iter().enumerate();
        let params = params.map(|(at, value)| cell(value).ok_or(SqlError::Parameter(at + 1)));
        let params = params.collect::<Result<Vec<_>, _>>()?;
        let connection = self.connection.lock();
        self.steps.store(0, Ordering::Relaxed);
        let mut statement = connection.prepare(sql).map_err(SqlError::from_sqlite)?;
        let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
        let mut cursor = statement.query(params_from_iter(params)).map_err(SqlError::from_sqlite)?;
        let (mut rows, mut room) = (Vec::new(), MAX_BYTES as usize);
        while let Some(row) = cursor.next().map_err(SqlError::from_sqlite)? {
            let mut values = Vec::with_capacity(columns.len());
            for at in 0..columns.len() {
                let value = row.get_ref(at)?;
                room = room.checked_sub(value.as_bytes().map_or(0, <[u8]>::len)).ok_or(SqlError::Size)?;
                values.push(json(value));
            }
            rows.push(values);
            if rows.len() > MAX_ROWS {
                return Err(SqlError::Size);
            }
        }
        Ok(Table { columns, rows })
    }

    #[unload]
    fn unload(self) -> Result<(), rusqlite::Error> {
        self.connection.into_inner().close().map_err(|(_, error)| error)
    }
}

impl SqlError {
    fn from_sqlite(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::AuthorizationForStatementDenied) => Self::ReadOnly,
            Some(ErrorCode::OperationInterrupted) => Self::Steps,
            _ => Self::Sqlite(error),
        }
    }
}

fn reads_only(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Function { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

fn cell(value: Value) -> Option<Cell> {
    match value {
        Value::Null => Some(Cell::Null),
        Value::Bool(flag) => Some(Cell::Integer(flag.into())),
        Value::Number(number) => number.as_i64().map(Cell::Integer).or(number.as_f64().map(Cell::Real)),
        Value::String(text) => Some(Cell::Text(text)),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_with_parameters() {
        let sql = Sql::load().unwrap();
        let query = "SELECT title, year FROM books WHERE author = ? AND year > ? ORDER BY year";
        let table = sql.query(query, vec![json!("Leo Tolstoy"), json!(1870)]).unwrap();
        assert_eq!(table.columns, ["title", "year"]);
        assert_eq!(table.rows, [[json!("Anna Karenina"), json!(1878)]]);
        sql.unload().unwrap();
    }

    #[test]
    fn only_reads() {
        let sql = Sql::load().unwrap();
        for statement in [
            "DELETE FROM books",
            "DROP TABLE orders",
            "ATTACH '/tmp/x' AS x",
            "PRAGMA query_only = 0",
            "BEGIN",
            "VACUUM INTO '/tmp/x'",
        ] {
            let error = sql.query(statement, vec![]).unwrap_err();
            assert!(matches!(error, SqlError::ReadOnly), "{statement}: {error}");
        }
        let table = sql.query("SELECT count(*) FROM orders", vec![]).unwrap();
        assert_eq!(table.rows, [[json!(60_000)]]);
    }

    #[test]
    fn stops_what_explodes() {
        let sql = Sql::load().unwrap();
        let endless = "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        assert!(matches!(sql.query(endless, vec![]), Err(SqlError::Steps)));
        assert!(matches!(sql.query("SELECT * FROM orders", vec![]), Err(SqlError::Size)));
        let wide = "SELECT hex(zeroblob(100000)) FROM orders LIMIT 100";
        assert!(matches!(sql.query(wide, vec![]), Err(SqlError::Size)));
        assert!(sql.query("SELECT length(zeroblob(1000000000))", vec![]).is_err());
        assert_eq!(sql.query("SELECT 1", vec![]).unwrap().rows, [[json!(1)]]);
    }

    #[test]
    fn refuses_what_is_no_sql() {
        let sql = Sql::load().unwrap();
        let error = sql.query("SELECT titel FROM books", vec![]).unwrap_err();
        assert!(error.to_string().contains("no such column: titel"), "{error}");
        let error = sql.query("SELECT ?", vec![json!([1])]).unwrap_err();
        assert!(matches!(error, SqlError::Parameter(1)), "{error}");
        assert!(sql.query("SELECT ?", vec![]).is_err());
    }
}
