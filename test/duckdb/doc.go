// Package duckdb measures a backtest of a million executions beside what people would
// do without one: ask DuckDB the one question that SQL can put, and script a loop over
// every minute. It is a module of its own, so that DuckDB, which needs cgo, stays out
// of the product's. scripts/duckdb.sh runs it where that can be had.
package duckdb
