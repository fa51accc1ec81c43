import type { ChildProcess } from 'node:child_process'
import type { GrpcTask } from '../grpc/task.ts'
import { PATH } from '../grpc.ts'
import { type LoadResult, load, next } from '../load.ts'
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

/** The processes that make load. */
export interface Generators {
  http: ChildProcess
  grpc: ChildProcess
}

/** One side of a block: runs its rounds. */
interface Side {
  measured: Measured
  running: Running
  run(seconds: number): Promise<LoadResult>
}

/** Measures servers in turns: every round asks each of them, and the order turns round each time. A server that fails falls out, the others go on. */
export async function measure(generators: Generators, servers: readonly Started[], what: { load: Load; about: string; effort: Effort }): Promise<Block> {
  const { load: name, about, effort } = what
  const sides = servers.filter(({ contender }) => faceOf(contender, name)).map((server) => side(generators, server, name))
  for (let at = -1; at < effort.rounds; at++) {
    const order = at % 2 === 0 ? sides : [...sides].reverse()
    for (const one of order) {
      if (one.measured.failure !== undefined) continue
      try {
        const result = await round(one, effort.seconds)
        // the first is for warming up
        if (at >= 0) one.measured.rounds.push(result)
      } catch (error) {
        one.measured.failure = (error as Error).message
      }
    }
  }
  return { load: name, about, sides: sides.map(({ measured }) => measured) }
}

function side(generators: Generators, { contender, running }: Started, name: Load): Side {
  const face = faceOf(contender, name)
  const { face: kind, connections } = LOADS[name]
  const measured: Measured = { name: contender.name, rounds: [] }
  const port = running.port[kind]
  if (!face || port === undefined) throw new Error(`${contender.name} cannot be asked for ${name}`)
  if (typeof face !== 'function') return { measured, running, run: (seconds) => load(generators.http, { port, connections, seconds, ...face }) }
  let requests: GrpcTask['requests'] | undefined
  return {
    measured,
    running,
    run: async (seconds) => {
      requests ??= await face(`127.0.0.1:${port}`)
      const task: GrpcTask = { port, path: PATH, streams: connections, seconds, requests }
      const answer = next<LoadResult | { error: string }>(generators.grpc)
      generators.grpc.send(task)
      const result = await answer
      if ('error' in result) throw new Error(result.error)
      return result
    },
  }
}

async function round({ running, run }: Side, seconds: number): Promise<Round> {
  const before = await treeMicros(running.pids)
  const result = await run(seconds)
  const after = await treeMicros(running.pids)
  return before === undefined || after === undefined ? result : { ...result, micros: (after - before) / result.requests }
}
