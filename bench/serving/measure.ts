import type { ChildProcess } from 'node:child_process'
import { type LoadResult, load } from '../load.ts'
import { type Contender, faceOf, LOADS, type Load, type Running } from './contender.ts'
import { treeMicros } from './process.ts'

/** One round of one server. */
export interface Round extends LoadResult {
  /** Processor time of all its processes for a request, in microseconds; not known everywhere. */
  micros?: number
}

/** What a server did under one load, beside the others of the same block. */
export interface Measured {
  name: string
  rounds: Round[]
  /** Why there are no figures, or no more. */
  failure?: string
}

/** Servers measured in turns under one load. */
export interface Block {
  load: Load
  /** The server that the block is about. */
  about: string
  sides: Measured[]
}

/** A server that runs. */
export interface Started {
  contender: Contender
  running: Running
}

export interface Effort {
  rounds: number
  seconds: number
}

/** Measures servers in turns: every round asks each of them, and the order turns round each time. A server that fails falls out, the others go on. */
export async function measure(generator: ChildProcess, servers: readonly Started[], what: { load: Load; about: string; effort: Effort }): Promise<Block> {
  const { load: name, about, effort } = what
  const sides = servers
    .filter(({ contender }) => faceOf(contender, name))
    .map((server) => ({ server, measured: { name: server.contender.name, rounds: [] } as Measured }))
  for (let at = -1; at < effort.rounds; at++) {
    const order = at % 2 === 0 ? sides : [...sides].reverse()
    for (const { server, measured } of order) {
      if (measured.failure !== undefined) continue
      try {
        const result = await round(generator, server, { load: name, seconds: effort.seconds })
        // the first is for warming up
        if (at >= 0) measured.rounds.push(result)
      } catch (error) {
        measured.failure = (error as Error).message
      }
    }
  }
  return { load: name, about, sides: sides.map(({ measured }) => measured) }
}

async function round(generator: ChildProcess, { contender, running }: Started, what: { load: Load; seconds: number }): Promise<Round> {
  const { face: kind, connections } = LOADS[what.load]
  const face = faceOf(contender, what.load)
  if (!face) throw new Error(`${contender.name} has no ${kind}`)
  const before = await treeMicros(running.pids)
  const result = await load(generator, { port: running.port[kind], connections, seconds: what.seconds, ...face })
  const after = await treeMicros(running.pids)
  return before === undefined || after === undefined ? result : { ...result, micros: (after - before) / result.requests }
}
