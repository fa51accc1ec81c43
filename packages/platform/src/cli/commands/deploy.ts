import { readFileSync } from 'node:fs'
import { FairleadError, type ProblemItem } from '@fairlead/contract'
import {
  type Check,
  type DeployRequest,
  type Execution,
  type Operation,
  type PipelineInput,
  parsePipeline,
  type RecentCaller,
  type Release,
  type SignatureChange,
} from '@fairlead/contract/control'
import { readYaml } from '../../kernel/yaml.ts'
import type { Context } from '../context.ts'
import { ago, cell, duration, figure } from '../format.ts'
import { checkName } from '../model-ref.ts'
import { unreadableFile } from '../model-source.ts'
import { followOperation } from '../operation.ts'
import { keyValue } from '../option-values.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'
import { readSettings } from '../release-settings.ts'

/** `fairlead deploy`: the next release of a deployment. */
export function registerDeploy({ program, run }: Registrar): void {
  const command = program
    .command('deploy <name>')
    .description('make, check and activate the next release of a deployment')
    .requiredOption('--model <ref>', 'model: name, name:3, name@alias or a digest')
    .option('--pipeline <file>', 'steps from request to answer (YAML or JSON); those of the current release when not given')
    .option('--set <key=value>', 'a setting of the release, as extraColumns=ignore; may be repeated', keyValue)
    .option('--no-wait', 'do not wait until the release serves')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead deploy credit-risk --model credit-risk@champion\n  fairlead deploy credit-risk --model credit-risk:2 --set log.durability=sync',
    )
  run(command, deploy)
}

async function deploy({ control, output }: Context, [name = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  const { model, pipeline: file, set = {}, wait } = options as { model: string; pipeline?: string; set?: Record<string, string>; wait: boolean }
  const body: DeployRequest = { model, settings: readSettings(set), ...(file === undefined ? {} : { pipeline: readPipeline(file) }) }
  const params = { deployment: checkName(name, 'deployment') }
  const operation = await control.call('createRelease', { params, body })
  if (!wait) {
    const release = await control.call('getRelease', { params: { ...params, release: operation.target.release } })
    for (const line of changeLines(output, release)) output.note(line)
    output.result(operation, () => output.line(`release ${operation.target.release} of ${name} is being made (operation ${operation.id})`))
    return undefined
  }
  const ended = await followOperation(control, operation, new Progress(output))
  const deployment = await control.call('getDeployment', { params })
  output.result({ operation: ended, deployment }, () => {
    printActive(output, ended, deployment.current)
    output.line(`  predict    ${deployment.urls.predict}`)
    output.line(`  try it     ${deployment.urls.docs}`)
  })
  return undefined
}

/** Says which release of a deployment answers now, and what was checked. */
function printActive(output: Output, operation: Operation, release: Release | null): void {
  const { target } = operation
  const took = operation.endedAt === null ? '' : ` after ${duration(Date.parse(operation.endedAt) - Date.parse(operation.startedAt))}`
  output.line(`${output.paint('bold', target.deployment)}  release ${target.release} is active${took}`)
  printChecks(output, operation, release)
  if (release?.number === target.release) for (const line of changeLines(output, release)) output.line(line)
}

/** Callers that a change names. */
const MOST_NAMED = 5

/** What a release changed for callers, and who would break: one who is not told meets it as an error, or worse as a wrong answer. */
export function changeLines(output: Output, { signatureChanges = [] }: Pick<Release, 'signatureChanges'>): string[] {
  return signatureChanges.flatMap(({ path, breaking, detail, callers }: SignatureChange) => {
    const line = `  ${breaking ? output.paint('yellow', 'breaks     ') : 'changes    '}${cell(path)}: ${cell(detail)}`
    if (callers === undefined) return [line]
    if (callers.length === 0) return [line, '             nobody who asked in the last seven days']
    const named = callers.slice(0, MOST_NAMED).map(callerWords)
    return [
      line,
      ...named.map((one) => `             ${one}`),
      ...(callers.length > MOST_NAMED ? [`             and ${callers.length - MOST_NAMED} more`] : []),
    ]
  })
}

function callerWords({ caller, name, interfaces, rows, lastSeen }: RecentCaller): string {
  const who = name === undefined ? cell(caller) : `${cell(name)} (${cell(caller)})`
  return `${who}, by ${interfaces.join(', ')}, ${rows} ${rows === 1 ? 'row' : 'rows'}, last ${ago(lastSeen)}`
}

/** Says what the release that an operation made current is, and what was checked. */
export function printChecks(output: Output, { target }: Operation, release: Release | null): void {
  if (!release || release.number !== target.release) return
  output.line(`  model      ${release.model.name}:${release.model.version}`)
  for (const check of release.checks) output.line(`  ${check.kind.padEnd(10)} ${checkLine(check)}`)
  if (release.execution) output.line(`  runs       ${runsLine(release.execution)}`)
}

/** What a check of a release gave, in a few words. */
export function checkLine({ rows, passed, largestDifference, detail }: Check): string {
  const difference = largestDifference === undefined ? '' : `, largest difference ${figure(largestDifference)}`
  const why = passed || detail === undefined ? '' : `: ${cell(detail)}`
  return `${rows} ${rows === 1 ? 'row' : 'rows'} ${passed ? 'passed' : 'failed'}${difference}${why}`
}

/** How a release runs, in a few words; `deployments show` has the reason. */
function runsLine({ mode, workers, measured }: Execution): string {
  const [few] = measured
  const took = few ? `, ${figure(few.micros / 1000 / few.rows, 'ms')} a row` : ''
  return `${mode === 'inline' ? 'inline' : `in ${workers} ${workers === 1 ? 'worker' : 'workers'}`}${took}`
}

/** Reads a pipeline file: the list of steps, or an object with `pipeline`. Throws `file-unreadable` or `pipeline-invalid`. */
export function readPipeline(path: string): PipelineInput {
  let value: unknown
  try {
    value = readYaml(readFileSync(path, 'utf8'), { maxAliasCount: 100 }).value
  } catch (cause) {
    throw unreadableFile(path, cause)
  }
  const steps = typeof value === 'object' && value !== null && 'pipeline' in value ? value.pipeline : value
  const parsed = parsePipeline(steps)
  if ('pipeline' in parsed) return steps as PipelineInput
  const items = parsed.issues.map(({ path: place, detail }): ProblemItem => ({ path: place, code: 'pipeline-invalid', detail }))
  const words = items.map((item) => `${item.path}: ${item.detail}`).join('; ')
  throw new FairleadError('pipeline-invalid', `${path}: ${words}. See docs/reference/pipeline-steps.md.`, { items })
}
