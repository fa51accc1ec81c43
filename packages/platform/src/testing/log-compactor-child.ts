import { join } from 'node:path'
import { DuckDb, duckParquetFiles } from '../adapters/duckdb/index.ts'
import { flatParquetFiles } from '../adapters/parquet/log/index.ts'
import { Compactor, localSegments, SegmentLogWriter } from '../domain/predictionlog/index.ts'
import { silentLogger } from '../kernel/logger.ts'
import { sampleEvent, sampleRelease } from './prediction-events.ts'

// Writes and converts at once, merging hours that are over, until it is killed; says each id once it is synced.
const [root = '', name = ''] = process.argv.slice(2)
const duck = new DuckDb({ folder: root })
const compactor = new Compactor({
  root,
  parquet: flatParquetFiles(duckParquetFiles(duck)),
  isLive: (w) => w === name,
  logger: silentLogger,
  stepBytes: 4000,
  settleMs: 0,
})
const writer = new SegmentLogWriter({ segments: localSegments(join(root, 'segments')), writer: name, segmentMs: 20, flushMs: 5 })
const release = sampleRelease()
const hour = 3_600_000

async function write(): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${name}-${i}`
    writer.append(sampleEvent([{ age: BigInt(i) }], { id, release, time: 480_000 * hour + (i % 2) * hour }))
    await writer.synced()
    process.stdout.write(`${id}\n`)
  }
}

async function convert(): Promise<void> {
  for (;;) {
    await compactor.flush()
    await compactor.merge()
  }
}

await Promise.all([write(), convert()])
