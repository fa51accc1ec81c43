import { localSegments, SegmentLogWriter } from '../domain/predictionlog/index.ts'
import { sampleEvent, sampleRelease } from './prediction-events.ts'

// Writes predictions as fast as the disk takes them and says each id once it is synced, until it is killed.
const [folder = '', name = ''] = process.argv.slice(2)
const writer = new SegmentLogWriter({ segments: localSegments(folder), writer: name, segmentMs: 40, flushMs: 5 })
const release = sampleRelease()
const hour = 3_600_000

async function client(number: number): Promise<void> {
  for (let i = 0; ; i++) {
    const id = `${name}-${number}-${i}`
    // Times around the turn of an hour, so that one step makes more than one file.
    writer.append(sampleEvent([{ age: BigInt(i) }, { age: 1n }], { id, release, time: 480_000 * hour + (i % 2) * hour }))
    await writer.synced()
    process.stdout.write(`${id}\n`)
  }
}

await Promise.all(Array.from({ length: 4 }, (_, i) => client(i)))
