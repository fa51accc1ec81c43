import { type Pipeline, pipeline, STEP_SCHEMAS } from './pipeline.ts'

/** One wrong place of a pipeline. */
export interface PipelineIssue {
  /** `pipeline[2].scale.age.as` */
  path: string
  detail: string
  /** The name of a step that there is not. */
  unknownStep?: string
}

/** Steps that the design has and this version does not. */
const LATER = ['script', 'explain', 'ensemble', 'switch']

/** Reads a pipeline's form, step by step, so that what is wrong is told of the step that was meant. */
export function parsePipeline(given: unknown): { pipeline: Pipeline } | { issues: PipelineIssue[] } {
  if (Array.isArray(given)) {
    const issues = given.slice(0, 100).flatMap(issuesOf)
    if (issues.length > 0) return { issues }
  }
  const parsed = pipeline.safeParse(given)
  if (parsed.success) return { pipeline: parsed.data }
  return { issues: parsed.error.issues.map(({ path, message }) => ({ path: `pipeline${pathText(path)}`, detail: message })) }
}

function issuesOf(step: unknown, index: number): PipelineIssue[] {
  const base = `pipeline[${index}]`
  if (typeof step !== 'object' || step === null || Array.isArray(step)) return [{ path: base, detail: 'a step is a name with its options, like - model: {}' }]
  const names = Object.keys(step)
  const [name] = names
  if (name === undefined) return [{ path: base, detail: 'the step has no name' }]
  if (names.length > 1) return [{ path: base, detail: `a step has one name, and this one has ${names.slice(0, 5).join(', ')}; begin each with its own dash` }]
  if (LATER.includes(name)) return [{ path: `${base}.${name}`, detail: `the step "${name}" is not supported yet` }]
  if (!Object.hasOwn(STEP_SCHEMAS, name)) {
    return [{ path: base, detail: `there is no step "${name.slice(0, 100)}"; the steps are ${Object.keys(STEP_SCHEMAS).join(', ')}`, unknownStep: name }]
  }
  const parsed = STEP_SCHEMAS[name as keyof typeof STEP_SCHEMAS].safeParse(step)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path: `${base}${pathText(path)}`, detail: message }))
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
}
