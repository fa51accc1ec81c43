export { DuckDb, type DuckDbOptions } from './database.ts'
export { duckParquetFiles } from './parquet-files.ts'
export { type ExportedFile, type LogStats, PredictionLogReader } from './reader.ts'
