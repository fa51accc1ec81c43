import type { FairleadError } from '@fairlead/contract'
import { Explaining } from '../domain/inference/explaining.ts'
import {
  type FailureEvent,
  Inference,
  type ModelLimits,
  ModelRepository,
  type ObservedReport,
  type PredictionEvent,
  type ServableRelease,
  ServingRelease,
  type Session,
  type Tensors,
  type Wish,
  type WishStore,
} from '../domain/inference/index.ts'
import { type FakeModel, fakeModel, fakeRelease, fakeSession } from './fake-model.ts'

/** What an `Inference` over fake models told the world. */
export interface FakeWorld {
  logged: PredictionEvent[]
  predicted: PredictionEvent[]
  failed: FailureEvent[]
  reports: ObservedReport[]
  forgotten: { process: string; deployment: string; release: number }[]
  model: FakeModel
  /** Set to make loads fail or wait. */
  load: (release: ServableRelease) => Promise<void>
  /** What the log answers. */
  durable: Promise<void> | undefined
}

/** An `Inference` whose models are fakes, with everything it told. `session` runs instead of the fake credit model. */
export function fakeInference(model = fakeModel(), session?: Session, models?: ModelLimits): { inference: Inference; world: FakeWorld } {
  const world: FakeWorld = { logged: [], predicted: [], failed: [], reports: [], forgotten: [], model, load: async () => {}, durable: undefined }
  const inference = new Inference({
    process: 'test',
    ...(models ? { models } : {}),
    observer: { report: (report) => void world.reports.push(report), forget: (what) => void world.forgotten.push(what) },
    sink: {
      log: (event) => {
        world.logged.push(event)
        return world.durable
      },
      predicted: (event) => void world.predicted.push(event),
      failed: (event) => void world.failed.push(event),
    },
    loader: {
      prepare: () => {},
      load: async (release) => {
        await world.load(release)
        const { queueRows } = release.settings
        return new ServingRelease(release, session ?? fakeSession(model), {
          execution: { runtime: 'fake', mode: 'inline', reason: 'A fake.', workers: 0, loadMs: 0, measured: [], tile: 8 },
          batching: { tile: 8, queueRows, slots: 1, joinable: true },
          explaining: session?.explain && explainingWith(session.explain),
        })
      },
      [Symbol.asyncDispose]: async () => {},
    },
  })
  return { inference, world }
}

/** What explains with a session's own function, as if in a thread. */
export function explainingWith(explain: NonNullable<Session['explain']>): Explaining {
  const worker = { alive: true, explain: async (_: number, inputs: Tensors) => explain(inputs), [Symbol.asyncDispose]: async () => {} }
  return new Explaining(async () => ({ worker, session: 1 }))
}

/** Makes `inference` serve these releases of the deployment `credit`, the last one current. */
export async function serveReleases(inference: Inference, releases: ServableRelease[] = [fakeRelease()]): Promise<void> {
  await inference.converge({ revision: 1, deployments: [{ name: 'credit', current: releases.at(-1)?.number, releases }] })
}

/** For `assert.throws` and `assert.rejects`: an error of this code whose words match. */
export function coded(code: FairleadError['code'], words = /./) {
  return (error: FairleadError) => error.code === code && words.test(error.message)
}

/** The model repository of one process over an `Inference` with fake models, and the store of its wishes. */
export function fakeRepository(
  inference: Inference,
  world: FakeWorld,
  { peers = () => ['test'], waitMs = 5000 }: { peers?: () => string[]; waitMs?: number } = {},
) {
  const wishes: Wish[] = []
  const store: WishStore = {
    add: (wish) => {
      const sequence = wishes.length + 1
      wishes.push({ ...wish, sequence })
      return sequence
    },
    list: () => wishes,
    newest: () => wishes.length,
  }
  const repository = new ModelRepository({
    inference,
    wishes: store,
    peers,
    reports: (deployment) => world.reports.filter((report) => report.deployment === deployment),
    waitMs,
  })
  return { repository, store }
}
