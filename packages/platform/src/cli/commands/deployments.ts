import { FairleadError } from '@fairlead/contract'
import type { Deployment, Release } from '@fairlead/contract/control'
import type { Context } from '../context.ts'
import { ago, cell, figure, shortDigest } from '../format.ts'
import { allItems } from '../list-all.ts'
import { followOperation } from '../operation.ts'
import { positive } from '../option-values.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'
import { writtenSettings } from '../release-settings.ts'
import { changeLines, checkLine, printChecks } from './deploy.ts'

/** `fairlead deployments …`: what answers, and what did. */
export function registerDeployments({ program, run }: Registrar): void {
  const deployments = program.command('deployments').description('look at deployments, roll back, remove')
  run(deployments.command('list').description('deployments by name'), list)
  run(deployments.command('show <name>').description('state, releases and addresses of a deployment'), show)
  const back = deployments
    .command('rollback <name>')
    .description('make an earlier release current again')
    .option('--to <release>', 'number of the release, also a newer one; when not given, the newest older one that has answered', positive)
    .addHelpText('after', '\nExamples:\n  fairlead deployments rollback credit-risk\n  fairlead deployments rollback credit-risk --to 2')
  run(back, rollback)
  run(deployments.command('remove <name>').description('remove a deployment; its prediction log stays'), remove)
}

async function list({ control, output }: Context): Promise<undefined> {
  const items = await allItems((next) => control.call('listDeployments', { query: { next } }))
  output.result({ items }, () => {
    if (items.length === 0) return output.note('There are no deployments yet. Make one with: fairlead deploy NAME --model REF')
    output.table(
      ['DEPLOYMENT', 'STATE', 'RELEASE', 'MODEL', 'SINCE'],
      items.map(({ name, state, current }) => [
        name,
        state,
        cell(current?.number),
        current ? `${current.model.name}:${current.model.version}` : '–',
        ago(current?.activatedAt),
      ]),
    )
  })
  return undefined
}

async function show({ control, output }: Context, [name = '']: string[]): Promise<undefined> {
  const params = { deployment: name }
  const deployment = await control.call('getDeployment', { params })
  const releases = await allItems((next) => control.call('listReleases', { params, query: { next } }))
  output.result({ ...deployment, releaseList: releases }, () => print(output, deployment, releases))
  return undefined
}

function print(output: Output, deployment: Deployment, releases: Release[]): void {
  const { current, urls } = deployment
  output.line(`${output.paint('bold', deployment.name)}  ${deployment.state}: ${cell(deployment.reason)}`)
  output.line(`  predict    ${urls.predict}`)
  output.line(`  try it     ${urls.docs}`)
  output.line(`  openapi    ${urls.openapi}`)
  output.line(`  oip        ${urls.oip}`)
  const settings = current ? writtenSettings(current.settings) : []
  if (settings.length > 0) output.line(`  settings   ${settings.map(cell).join(', ')}`)
  if (current?.execution) {
    const { execution } = current
    output.line(`  runs       ${execution.mode}: ${execution.reason}`)
    const measured = execution.measured.map(({ rows, micros }) => `${rows} ${rows === 1 ? 'row' : 'rows'} ${figure(micros, 'µs')}`)
    if (measured.length > 0) output.line(`  measured   ${measured.join(', ')}`)
  }
  for (const line of current ? changeLines(output, current) : []) output.line(line)
  for (const check of current?.checks ?? []) output.line(`  ${check.kind.padEnd(10)} ${checkLine(check)}`)
  for (const { process, release, state, detail } of deployment.observed) {
    output.line(`  process    ${process}: release ${release} ${state}${detail && state !== 'ready' ? `, ${cell(detail)}` : ''}`)
  }
  output.line()
  output.table(
    ['RELEASE', 'STATE', 'MODEL', 'DIGEST', 'MADE', 'BY'],
    releases.map((release) => [
      String(release.number),
      release.state,
      `${release.model.name}:${release.model.version}`,
      shortDigest(release.digest),
      ago(release.createdAt),
      release.createdBy,
    ]),
  )
  for (const { number, failure, checks } of releases) {
    if (failure) output.line(`release ${number} failed: ${cell(failure.detail)} (${failure.code})`)
    for (const check of checks) if (!check.passed) output.line(`release ${number}, ${check.kind}: ${checkLine(check)}`)
  }
}

async function rollback({ control, output }: Context, [name = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  const params = { deployment: name }
  const to = options.to as number | undefined
  const before = (await control.call('getDeployment', { params })).current?.number
  const operation = await control.call('rollback', { params, body: to === undefined ? {} : { release: to } })
  const ended = await followOperation(control, operation, new Progress(output))
  const deployment = await control.call('getDeployment', { params })
  output.result({ operation: ended, deployment }, () => {
    const { release } = ended.target
    const words =
      before === release ? `release ${release} answers already` : `release ${release} answers again${before === undefined ? '' : `; it was ${before}`}`
    output.line(`${output.paint('bold', name)}  ${words}`)
    printChecks(output, ended, deployment.current)
  })
  return undefined
}

async function remove(context: Context, [name = '']: string[]): Promise<undefined> {
  if (name === '') throw new FairleadError('usage', 'Name the deployment to remove.')
  await context.confirm(`Remove the deployment ${name}? Callers get an error from then on.`)
  await context.control.call('deleteDeployment', { params: { deployment: name } })
  context.output.result({ removed: name }, () => context.output.line(`${name} is removed; its prediction log stays`))
  return undefined
}
