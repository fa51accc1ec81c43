import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Control } from '@fairlead/client'
import { RequestError } from '@fairlead/client'
import { FairleadError } from '@fairlead/contract'
import { type Deployment, type PipelineInput, pipeline, releaseSettings } from '@fairlead/contract/control'
import { isMlflowUri } from '../adapters/mlflow/uri.ts'
import { type DeclarationFile, type DeclaredDeployment, type DeclaredModel, releaseSettingsOf } from '../config/index.ts'
import { type ImportMeans, importModel } from './import-model.ts'
import { resolveRef } from './model-ref.ts'
import { followOperation } from './operation.ts'

/** What became of one declared thing. */
export interface Applied {
  kind: 'model' | 'deployment'
  name: string
  /** Version of the model or release of the deployment. */
  number: number
  changed: boolean
}

/** A declared thing that a person removed. */
export type Left = Pick<Applied, 'kind' | 'name'>

/** How a declaration is applied. */
export interface ApplyOptions extends ImportMeans {
  /** Leaves models and deployments that are there as they are, and does not make again what a person removed. */
  onlyMissing?: { wasRemoved(kind: Applied['kind'], name: string): Promise<boolean>; left(thing: Left): void }
}

const MODEL_ALONE: PipelineInput = [{ model: {} }]

/**
 * Brings the platform to what a declaration says: models first, then deployments. Doing it again changes nothing: the same files
 * make no new version, the same release no new one. What is not declared is left alone.
 */
export async function applyDeclaration(file: DeclarationFile, options: ApplyOptions): Promise<Applied[]> {
  const applied: Applied[] = []
  for (const [name, model] of Object.entries(file.content.models ?? {})) {
    if (!(await isLeft({ kind: 'model', name }, options))) applied.push(await applyModel(file, { name, model }, options))
  }
  for (const [name, deployment] of Object.entries(file.content.deployments ?? {})) {
    if (!(await isLeft({ kind: 'deployment', name }, options))) applied.push(await applyDeployment({ name, deployment }, options))
  }
  return applied
}

async function isLeft(thing: Left, { onlyMissing }: ApplyOptions): Promise<boolean> {
  if (!(await onlyMissing?.wasRemoved(thing.kind, thing.name))) return false
  onlyMissing?.left(thing)
  return true
}

async function applyModel(file: DeclarationFile, declared: { name: string; model: DeclaredModel }, options: ApplyOptions): Promise<Applied> {
  const { name, model } = declared
  const { source, signature, baseline, golden, ...rest } = model
  if (options.onlyMissing) {
    const there = await orMissing(options.control.call('getModel', { params: { model: name } }))
    if (there?.newest) return { kind: 'model', name, number: there.newest, changed: false }
  }
  if (isMlflowUri(source)) {
    const place = `models.${name}.source`
    throw new FairleadError(
      'not-supported',
      `${place}: ${source} cannot be declared yet. Hand it over with \`fairlead models import ${source} --name ${name}\`.`,
    )
  }
  const at = (path: string | undefined) => (path === undefined ? undefined : resolve(file.folder, path))
  const files = { source: resolve(file.folder, source), signature: at(signature), baseline: at(baseline), golden: at(golden) }
  const { created, version } = await importModel({ ...rest, name, ...files }, options)
  return { kind: 'model', name, number: version.version, changed: created }
}

async function applyDeployment(declared: { name: string; deployment: DeclaredDeployment }, options: ApplyOptions): Promise<Applied> {
  const { control, progress } = options
  const { name, deployment } = declared
  const params = { deployment: name }
  const there = await orMissing(control.call('getDeployment', { params }))
  const wanted = { pipeline: deployment.release.pipeline ?? MODEL_ALONE, settings: releaseSettingsOf(deployment) }
  if (there?.current && (options.onlyMissing || (await isCurrent(control, there, { ref: deployment.release.model, ...wanted })))) {
    return { kind: 'deployment', name, number: there.current.number, changed: false }
  }
  const operation = await control.call('createRelease', { params, body: { model: deployment.release.model, ...wanted, inherit: false } })
  const ended = await followOperation(control, operation, progress)
  return { kind: 'deployment', name, number: ended.target.release, changed: true }
}

type Wanted = { ref: string; pipeline: PipelineInput; settings: ReturnType<typeof releaseSettingsOf> }

async function isCurrent(control: Control, { current }: Deployment, wanted: Wanted): Promise<boolean> {
  const version = await resolveRef(control, wanted.ref)
  return (
    current?.model.digest === version.digest &&
    isDeepStrictEqual(pipeline.parse(current.pipeline), pipeline.parse(wanted.pipeline)) &&
    isDeepStrictEqual(releaseSettings.parse(current.settings), releaseSettings.parse(wanted.settings))
  )
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined
    throw error
  }
}
