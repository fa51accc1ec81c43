import { relative, resolve } from 'node:path'
import { createClient, createControl, RequestError } from '@fairlead/client'
import type { PredictResponse, Row } from '@fairlead/contract'
import type { Platform } from '../../app/index.ts'
import { PROGRAM_VERSION } from '../../app/program-version.ts'
import { type DeclarationFile, findDeclaration, loadSettings, type PlatformSettings, readDeclaration, SETTINGS } from '../../config/index.ts'
import { type Applied, applyDeclaration, type Left } from '../apply.ts'
import type { Context } from '../context.ts'
import { EXIT, problemOf } from '../failure.ts'
import { cell, duration, printable } from '../format.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'
import { appliedText, declarationIn } from './apply.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** `fairlead up`: starts a platform. */
export function registerUp({ program, run }: Registrar): void {
  const command = program.command('up').description('start a platform on this machine and keep it running')
  // --data is a global option already
  for (const spec of SETTINGS.filter(({ name }) => name !== 'data')) {
    command.option(spec.value === undefined ? spec.flag : `${spec.flag} <${spec.value.toLowerCase()}>`, `${spec.description} (${spec.env})`)
  }
  command
    .option('--apply <dir>', 'folder with a fairlead.yaml; models and deployments of it that are missing are made')
    .addHelpText('after', '\nExamples:\n  fairlead up\n  fairlead up --data ./state --port 0 --http-port 0\n  fairlead up --apply examples/credit-risk')
  run(command, up)
}

async function up(context: Context, _args: string[], options: Record<string, unknown>): Promise<undefined> {
  const began = performance.now()
  const { globals, io } = context
  const declared = typeof options.apply === 'string' ? declarationIn(io.cwd, options.apply) : undefined
  const own = ownDeclaration(io.cwd, declared)
  const settings = loadSettings({
    flags: { ...options, data: globals.data },
    env: io.env,
    file: { ...platformOf(declared), ...platformOf(own) },
    features: { ...featuresOf(declared), ...featuresOf(own) },
  })
  const platform = await started(settings)
  if (platform === undefined) return undefined
  try {
    // a signal may come while the declaration is being applied
    await Promise.race([welcome(context, { platform, settings, declared, began }), platform.stopped])
  } catch (error) {
    // what fails because the platform is on its way out is no failure
    if (!platform.stopping()) {
      await platform.stop()
      throw error
    }
  }
  await platform.stopped
  context.output.note('stopped')
  return undefined
}

/** Loading the program takes a while; a signal that comes meanwhile finds nothing to stop, and ends the command in order all the same. */
async function started(settings: PlatformSettings): Promise<Platform | undefined> {
  const nothingYet = () => process.exit(EXIT.done)
  for (const signal of SIGNALS) process.on(signal, nothingYet)
  try {
    const { startPlatform } = await import('../../app/index.ts')
    return startPlatform(settings)
  } finally {
    // the platform listens for them by now: there is no moment at which nobody does
    for (const signal of SIGNALS) process.off(signal, nothingYet)
  }
}

/** The file in the current folder, whose settings go before those of a declaration that is applied. Paths count from their file. */
function ownDeclaration(cwd: string, declared: DeclarationFile | undefined): DeclarationFile | undefined {
  const path = findDeclaration(cwd)
  return path === undefined || path === declared?.path ? undefined : readDeclaration(path)
}

function featuresOf(file: DeclarationFile | undefined): NonNullable<DeclarationFile['content']['features']> {
  const features = file?.content.features ?? {}
  return Object.fromEntries(
    Object.entries(features).map(([name, service]) => [
      name,
      file && service.caFile !== undefined ? { ...service, caFile: resolve(file.folder, service.caFile) } : service,
    ]),
  )
}

function platformOf(file: DeclarationFile | undefined): Record<string, unknown> {
  const platform = file?.content.platform ?? {}
  if (file && typeof platform.data === 'string') return { ...platform, data: resolve(file.folder, platform.data) }
  return platform
}

interface Started {
  platform: Platform
  settings: PlatformSettings
  declared: DeclarationFile | undefined
  began: number
}

interface First {
  row: Row
  answer: PredictResponse
  millis: number
}

async function welcome(context: Context, { platform, settings, declared, began }: Started): Promise<void> {
  const { output } = context
  const control = createControl({ url: platform.addresses.control, token: platform.adminToken })
  const means = { control, progress: new Progress(output), stdin: context.io.stdin }
  const left: Left[] = []
  const onlyMissing = { wasRemoved: platform.wasRemoved, left: (thing: Left) => void left.push(thing) }
  const applied = declared ? await applyDeclaration(declared, { ...means, onlyMissing }) : []
  // a deployment that was there needs no proof, and its log is no place for one
  const name = applied.find((one) => one.kind === 'deployment' && one.changed)?.name
  const first =
    name === undefined
      ? undefined
      : await firstPrediction(platform, name).catch((error: unknown) => {
          // the platform is up all the same, and its console is where the cause can be found
          output.error(`${output.tint('yellow', 'warning')}: ${name} did not answer: ${printable(problemOf(error).detail)}`)
          return undefined
        })
  const signIn = await platform.signInLink()
  const document = { version: PROGRAM_VERSION, addresses: platform.addresses, signIn, dataDir: settings.dataDir, applied, left, first: first?.answer ?? null }
  const again = declared ? `fairlead apply ${relative(context.io.cwd, declared.folder) || '.'}` : ''
  output.result(document, () => print(output, { ...document, again, first, millis: performance.now() - began }))
}

async function firstPrediction(platform: Platform, deployment: string): Promise<First | undefined> {
  const params = { deployment }
  const control = createControl({ url: platform.addresses.control, token: platform.adminToken })
  const { example } = await control.call('getDeploymentSignature', { params })
  const [row] = example
  if (!row) return undefined
  const client = createClient({ url: platform.addresses.http, retries: 5 })
  const start = performance.now()
  try {
    const answer = await client.predict(deployment, { rows: [row] })
    return { row, answer, millis: performance.now() - start }
  } catch (error) {
    if (!(error instanceof RequestError) || (error.status !== 401 && error.status !== 403)) throw error
  }
  // where predictions need a key, control asks on its own behalf
  const answer = (await control.call('tryDeployment', { params, body: { rows: [row] } })) as unknown as PredictResponse
  return { row, answer, millis: performance.now() - start }
}

interface Words {
  version: string
  addresses: Platform['addresses']
  signIn: string
  dataDir: string
  applied: Applied[]
  left: Left[]
  /** The command that makes again what is left out. */
  again: string
  first: First | undefined
  millis: number
}

function print(output: Output, words: Words): void {
  const { applied, left, first, addresses } = words
  const entry = (name: string, text: string) => output.line(`  ${output.paint('dim', name.padEnd(12))} ${text}`)
  output.line()
  output.line(`${output.paint('bold', `Fairlead ${words.version} is ready`)} after ${duration(words.millis)}`)
  output.line()
  for (const one of applied) entry(one.kind, appliedText(one))
  if (first) {
    entry('asked', fields(first.row))
    entry('answered', `${output.paint('green', fields(first.answer.predictions[0] ?? {}))} after ${duration(first.millis)}`)
  }
  if (left.length > 0)
    entry(
      'left out',
      `${left.map((one) => `${one.kind} ${one.name}`).join(', ')}: removed before; ${words.again} makes ${left.length === 1 ? 'it' : 'them'} again`,
    )
  if (applied.length > 0 || left.length > 0) output.line()
  entry('console', output.paint('cyan', words.signIn))
  entry('predictions', addresses.http)
  if (addresses.grpc !== null) entry('gRPC', addresses.grpc)
  entry('data', words.dataDir)
  output.line()
  output.line(output.paint('dim', 'The link signs in once; fairlead status --sign-in makes another. Ctrl-C stops the platform.'))
}

function fields(row: Row): string {
  return Object.entries(row)
    .map(([key, value]) => `${key} ${typeof value === 'object' && value !== null ? fieldsOf(value) : cell(value)}`)
    .join(', ')
}

function fieldsOf(value: object): string {
  return `(${Object.entries(value)
    .map(([key, inner]) => `${key} ${typeof inner === 'number' ? Number(inner.toPrecision(3)) : cell(inner)}`)
    .join(', ')})`
}
