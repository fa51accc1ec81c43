import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { completed } from '../../domain/inference/index.ts'
import { Compactor, localSegments, SegmentLogWriter } from '../../domain/predictionlog/index.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { sampleEvent, sampleRelease } from '../../testing/prediction-events.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { DuckDb, duckParquetFiles } from './index.ts'
import { readParquet } from './parquet-files.ts'

const HOUR = Date.UTC(2026, 0, 1, 1)

/** Writes the events as a process that then ends, and converts them. */
async function log(root: string, duck: DuckDb, events: Parameters<SegmentLogWriter['append']>[0][]): Promise<Compactor> {
  const writer = new SegmentLogWriter({ segments: localSegments(join(root, 'segments')), writer: 'w', flushMs: 5 })
  for (const event of events) writer.append(event)
  await writer[Symbol.asyncDispose]()
  const compactor = new Compactor({ root, parquet: duckParquetFiles(duck), isLive: () => false, logger: silentLogger, settleMs: 0 })
  await compactor.flush()
  return compactor
}

/** The columns of every file, as a reader sees them that looks at one file only. */
async function columnsOfFiles(root: string, duck: DuckDb): Promise<string[]> {
  const names = await readdir(join(root, 'parquet'), { recursive: true })
  const files = names.filter((name) => name.endsWith('.parquet')).map((name) => join(root, 'parquet', name))
  return duck.use(async (connection) => {
    const shapes: string[] = []
    for (const file of files) {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${readParquet([file])}`)
      shapes.push(
        described
          .getRows()
          .map(([name, type]) => `${name} ${type}`)
          .join(', '),
      )
    }
    return shapes
  })
}

/** A release that answers class indices, and the next one, which answers class names and adds a decision. */
function twoReleases() {
  const { signature } = sampleRelease()
  const fields = [{ name: 'label', kind: 'label' as const, type: 'int64' as const, tensor: 'label' }, ...signature.fields.slice(1)]
  const pipeline = [{ model: {} }, { decide: { field: 'decision', label: 'reject', when: "label = 'bad'", otherwise: 'accept' } }]
  return { before: sampleRelease({ signature: { ...signature, fields } }), after: completed(sampleRelease({ number: 2, pipeline })) }
}

test('when a release changes the columns, the files written before are written anew, so that all files of a deployment have the same', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const { before, after } = twoReleases()
  const first = await log(folder.path, duck, [
    sampleEvent([{ age: 3n }], { id: 'a', release: before, time: HOUR }),
    sampleEvent([{ age: 4n }], { id: 'b', release: before, time: HOUR + 3_600_000 }),
  ])
  await first.merge()
  const old = await columnsOfFiles(folder.path, duck)
  assert.match(old[0] ?? '', /label BIGINT/)
  await first[Symbol.asyncDispose]()

  const outputs = { ...sampleEvent([{ age: 5n }]).answer.outputs, decision: { type: 'string' as const, shape: [1], data: ['accept'] } }
  await using second = await log(folder.path, duck, [sampleEvent([{ age: 5n }], { id: 'c', release: after, outputs, time: HOUR + 7_200_000 })])
  const mixed = await columnsOfFiles(folder.path, duck)
  assert.equal(new Set(mixed).size, 2)
  await second.merge()
  const settled = await columnsOfFiles(folder.path, duck)
  assert.equal(settled.length, 3)
  assert.equal(new Set(settled).size, 1, settled.join('\n'))
  assert.match(settled[0] ?? '', /_time TIMESTAMP WITH TIME ZONE.*label VARCHAR.*decision VARCHAR/)

  await second.merge()
  const schema = await second.schemas.schema('credit-risk')
  assert.deepEqual([schema.generation, schema.settled], [2, 2])
})
