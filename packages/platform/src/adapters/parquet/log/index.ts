import type { ParquetFiles } from '../../../domain/predictionlog/index.ts'
import { writeLogFile } from './file.ts'

/** Writes files of plain columns directly from the blocks, which takes a fraction of the time an engine takes; lists, joining and judging are left to `others`. */
export function flatParquetFiles(others: ParquetFiles): ParquetFiles {
  return {
    write: (path, tables, columns) => (columns.some(({ list }) => list) ? others.write(path, tables, columns) : writeLogFile(path, tables, columns)),
    merge: (sources, target, columns) => others.merge(sources, target, columns),
    damage: (path) => others.damage(path),
  }
}
