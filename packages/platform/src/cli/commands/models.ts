import { FairleadError, isInteger, parseModelRef, type Signature } from '@fairlead/contract'
import type { ImportResult, ModelVersion } from '@fairlead/contract/control'
import { isMlflowUri } from '../../adapters/mlflow/uri.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { ago, bytes, cell, shortDigest } from '../format.ts'
import { importModel, type ModelToImport } from '../import-model.ts'
import { allItems } from '../list-all.ts'
import { mlflowFacts } from '../mlflow-facts.ts'
import { noteOf, printChecks, printWays, readingWords, treeWords } from '../model-facts.ts'
import { checkName, resolveRef } from '../model-ref.ts'
import { keyNumber, keyValue } from '../option-values.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import { readReading } from '../reading-options.ts'
import type { Registrar } from '../registrar.ts'
import { remoteModel } from '../remote-model.ts'
import { typeOf, wideWords, widthOf } from '../wide-columns.ts'
import { compareModels } from './compare-models.ts'

/** `fairlead models …`: the registry. */
export function registerModels({ program, run }: Registrar): void {
  const models = program.command('models').description('hand over, look at and name models')
  const importing = models
    .command('import <source>')
    .description('make a version of a model file, a folder, a model of an MLflow tracking server, or a model file on stdin (-)')
    .requiredOption('--name <name>', 'name of the model')
    .option('--new', 'refuse when there is a model of this name')
    .option('--signature <file>', 'names, units, ranges and class labels that the model file lacks')
    .option('--as <what>', 'whose answers are wanted: those of the booster, or of its scikit-learn classifier or regressor')
    .option('--classes <labels>', 'labels of the classes in their order, with commas between them, or a JSON list')
    .option('--iterations <rounds>', 'rounds whose trees count: best (early stopping), all, or a number')
    .option('--missing <number>', 'a number that stands for a missing value, as NaN does')
    .option('--unseen <what>', 'what becomes of a category that the model does not know: refuse or missing')
    .option('--categorical <columns>', 'columns that the lists of categories belong to, where the file does not tell')
    .option('--baseline <file>', 'data the model was trained on; its digest is kept in the lineage')
    .option('--golden <file>', 'rows with the answers they must get')
    .option('--alias <alias>', 'alias that shall point at this version')
    .option('--tag <key=value>', 'a tag; may be repeated', keyValue)
    .option('--metric <name=number>', 'a metric; may be repeated', keyNumber)
    .option('--description <text>', 'what this version is')
    .option('--tracking-uri <url>', 'MLflow tracking server of models:, runs: and mlflow-artifacts: addresses (MLFLOW_TRACKING_URI)')
    .option('--allow-code', 'let the code run that loading a model runs where only Python can run it; who allowed it is kept with the version')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead models import model.onnx --name credit-risk\n  fairlead models import ./mlflow-folder --name credit-risk --alias champion --metric auc=0.79\n  fairlead models import model.ubj --name churn --as classifier --classes stays,leaves --missing -999\n  fairlead models import models:/credit@champion --name credit-risk --tracking-uri https://mlflow.example.com\n  fairlead models import runs:/9a51c2/model --name credit-risk',
    )
  run(importing, importOne)
  run(models.command('list').description('models by name'), list)
  run(models.command('show <ref>').description('a version: signature, metrics, lineage, files; of a bare name the newest, and all versions there are'), show)
  const comparing = models
    .command('compare <name> <a> <b>')
    .description('in what two versions differ: signature, structure, and answers to the rows that came with them')
    .addHelpText('after', '\nExamples:\n  fairlead models compare credit-risk 1 2\n  fairlead models compare credit-risk 1 2 --json')
  run(comparing, compareModels)
  run(models.command('alias <ref> <alias>').description('point an alias at a version'), alias)
  run(models.command('tag <ref> <key=value...>').description('set tags; KEY= removes one'), tag)
  run(models.command('verify <ref>').description('read every file again and compare digests'), verify)
  run(models.command('remove <ref>').description('remove a version (name:3), or with a bare name the whole model'), remove)
}

async function importOne(context: Context, [source = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  if (/^https?:/i.test(source) && !isMlflowUri(source)) {
    throw new FairleadError('not-supported', `Importing from ${source.split(':')[0]}: addresses is not supported yet; fetch the files and import their folder.`)
  }
  const {
    name,
    tag: tags,
    metric: metrics,
    as,
    classes,
    iterations,
    missing,
    unseen,
    categorical,
    trackingUri,
    ...rest
  } = options as Record<string, never> & { name: string }
  const reading = readReading({ as, classes, iterations, missing, unseen, categorical })
  const model: ModelToImport = { ...rest, name: checkName(name, 'model'), source, tags, metrics, reading }
  const { control, output } = context
  const progress = new Progress(output)
  await using remote = await remoteModel(context, { source, trackingUri, progress })
  if (remote) {
    model.source = remote.folder
    model.lineage = remote.lineage
    model.description ??= remote.description
    model.metrics = { ...remote.metrics, ...model.metrics }
  }
  const result = await importModel(model, { control, progress, stdin: context.io.stdin })
  output.result(result, () => printImport(output, result))
  return undefined
}

const RUNS = { onnx: 'by ONNX Runtime', compiled: 'compiled', python: 'by Python' } as const

function printImport(output: Output, { created, version }: ImportResult): void {
  const what = `${version.model}:${version.version}`
  output.line(`${output.paint('bold', what)}  ${created ? 'imported' : 'was there already, unchanged'}`)
  output.line(`  digest     ${shortDigest(version.digest)}`)
  output.line(`  inputs     ${version.signature.columns.map((column) => `${column.name} ${typeOf(column)}`).join(', ')}`)
  output.line(`  outputs    ${outputsLine(version.signature)}`)
  const { runtimes } = version.facts
  if (runtimes) output.line(`  runs       ${RUNS[runtimes.chosen]}; models show ${what} says why`)
  if (version.aliases.length > 0) output.line(`  aliases    ${version.aliases.join(', ')}`)
  for (const rewrite of version.facts.rewrites) output.note(`note: ${rewrite}`)
  for (const check of version.facts.checks ?? []) if (created && !check.ok) output.note(`note: ${noteOf(check)}`)
  for (const column of version.signature.columns) if (widthOf(column) !== undefined) output.note(`note: ${wideWords(column)}`)
  if (!version.example?.length) output.note('note: the model came without an example row; a deployment cannot be tried before it serves')
}

function outputsLine(signature: Signature): string {
  return signature.fields.map((field) => (field.classes ? `${field.name} (${field.classes.join(', ')})` : `${field.name} ${field.type}`)).join(', ')
}

async function list({ control, output }: Context): Promise<undefined> {
  const items = await allItems((next) => control.call('listModels', { query: { next } }))
  output.result({ items }, () => {
    if (items.length === 0) return output.note('There are no models yet. Hand one over with: fairlead models import model.onnx --name NAME')
    const aliases = (record: Record<string, number>) =>
      Object.entries(record)
        .map(([name, version]) => `${name} → ${version}`)
        .join(', ') || '–'
    output.table(
      ['MODEL', 'VERSIONS', 'NEWEST', 'ALIASES', 'DEPLOYED AS', 'CHANGED'],
      items.map((model) => [
        model.name,
        String(model.versions),
        cell(model.newest),
        aliases(model.aliases),
        model.deployments.join(', ') || '–',
        ago(model.updatedAt),
      ]),
    )
  })
  return undefined
}

async function show({ control, output }: Context, [ref = '']: string[]): Promise<undefined> {
  const version = await resolveRef(control, ref)
  const { model } = version
  if (parseModelRef(ref)?.kind !== 'newest') {
    output.result(version, () => printVersion(output, version))
    return undefined
  }
  const versions = await allItems((next) => control.call('listVersions', { params: { model }, query: { next } }))
  output.result({ ...version, versions }, () => {
    printVersion(output, version)
    output.line()
    output.table(
      ['VERSION', 'DIGEST', 'ALIASES', 'MADE', 'SOURCE', 'USED BY'],
      versions.map((one) => [String(one.version), shortDigest(one.digest), one.aliases.join(', ') || '–', ago(one.createdAt), cell(one.source), usersOf(one)]),
    )
  })
  return undefined
}

function usersOf({ deployments }: Pick<ModelVersion, 'deployments'>): string {
  return deployments.map((use) => `${use.name} (release ${use.release})`).join(', ') || '–'
}

function printVersion(output: Output, version: ModelVersion): void {
  output.line(output.paint('bold', `${version.model}:${version.version}`) + (version.description ? `  ${cell(version.description)}` : ''))
  const facts: [string, string][] = [
    ['digest', version.digest],
    ['format', `${version.format}, ${bytes(version.sizeBytes)} in ${version.files.length} ${version.files.length === 1 ? 'file' : 'files'}`],
    ['read as', readingWords(version.facts)],
    ['made of', treeWords(version.facts)],
    ['aliases', version.aliases.join(', ')],
    ['deployed', version.deployments.length > 0 ? usersOf(version) : ''],
    ['metrics', pairs(version.metrics)],
    ['tags', pairs(version.tags)],
    ['source', version.lineage.source ?? ''],
    ['commit', version.lineage.codeCommit ?? ''],
    ...mlflowFacts(version.lineage.mlflow),
    ['imported', `${ago(version.lineage.importedAt)} by ${version.lineage.importedBy}`],
    ['code', codeWords(version)],
    ['golden rows', version.goldenRowCount > 0 ? String(version.goldenRowCount) : ''],
  ]
  for (const [name, value] of facts) if (value !== '') output.line(`  ${name.padEnd(11)} ${cell(value)}`)
  printWays(output, version.facts.runtimes)
  printChecks(output, version.facts.checks)
  output.line()
  output.table(
    ['INPUT', 'TYPE', 'TAKES', 'MEANING'],
    version.signature.columns.map((column) =>
      inputRow(
        column,
        version.facts.known?.find((one) => one.column === column.name),
      ),
    ),
  )
  output.line()
  output.table(
    ['OUTPUT', 'TYPE', 'TENSOR', 'CLASSES'],
    version.signature.fields.map((field) => [field.name, typeOf(field), field.tensor, field.classes?.join(', ') ?? '–']),
  )
}

/** Who let the code run that loading the model runs, what that is, and what it is kept from. */
function codeWords({ facts: { python }, lineage: { codeAllowed } }: ModelVersion): string {
  if (!python) return ''
  const allowed = codeAllowed
    ? `; allowed by ${codeAllowed.by} at ${codeAllowed.at}${codeAllowed.how === 'setting' ? ', as this platform does always' : ''}`
    : ''
  return `loading it runs ${python.runs.join(', ')}${allowed}${python.isolation === undefined ? '' : `. When it was tried: ${python.isolation}`}`
}

/** Values of a column that are listed. */
const MOST_KNOWN = 20

function knownWords({ values, more }: NonNullable<ModelVersion['facts']['known']>[number]): string {
  const rest = values.length + more - MOST_KNOWN
  return `knows ${values.slice(0, MOST_KNOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function inputRow(column: Signature['columns'][number], known: NonNullable<ModelVersion['facts']['known']>[number] | undefined): string[] {
  const { min, max } = column
  const range = min === undefined && max === undefined ? undefined : isInteger(column.type) || min !== max ? `${min ?? '…'} to ${max ?? '…'}` : String(min)
  const takes = [column.values?.join(', ') ?? (known && knownWords(known)), range, column.unit, column.optional ? 'optional' : undefined].filter(
    (part) => part !== undefined,
  )
  return [column.name, typeOf(column), takes.join(', ') || '–', column.description ?? '–']
}

function pairs(record: Record<string, unknown>): string {
  return Object.entries(record)
    .map(([key, value]) => `${key}=${cell(value)}`)
    .join(', ')
}

async function alias({ control, output }: Context, [ref = '', name = '']: string[]): Promise<undefined> {
  const { model, version } = await resolveRef(control, ref)
  const changed = await control.call('setAlias', { params: { model, alias: name }, body: { version } })
  output.result(changed, () => output.line(`${model}@${name} is ${model}:${version}`))
  return undefined
}

async function tag({ control, output }: Context, [ref = '', ...assignments]: string[]): Promise<undefined> {
  const tags: Record<string, string | null> = {}
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    if (at < 1) throw new FairleadError('usage', `A tag is KEY=VALUE, not "${assignment}".`)
    tags[assignment.slice(0, at)] = assignment.slice(at + 1) || null
  }
  const { model, version } = await resolveRef(control, ref)
  const changed = await control.call('patchVersion', { params: { model, version }, body: { tags } })
  output.result(changed, () => output.line(`${model}:${version}  ${pairs(changed.tags) || 'no tags'}`))
  return undefined
}

async function verify({ control, output }: Context, [ref = '']: string[]): Promise<number> {
  const { model, version } = await resolveRef(control, ref)
  const found = await control.call('verifyVersion', { params: { model, version } })
  output.result(found, () => {
    for (const file of found.files)
      output.line(`${file.ok ? 'ok      ' : 'damaged '} ${shortDigest(file.digest)}  ${cell(file.path)}${file.problem ? `  ${cell(file.problem)}` : ''}`)
    output.line(`${model}:${version} ${found.ok ? 'is whole' : 'is damaged: import it again from its source'}`)
  })
  return found.ok ? EXIT.done : EXIT.failed
}

async function remove(context: Context, [ref = '']: string[]): Promise<undefined> {
  // a model that has no version left can be removed too
  const named = parseModelRef(ref)
  const removed = named?.kind === 'newest' ? await removeModel(context, named.name) : await removeVersion(context, ref)
  context.output.result({ removed }, () => context.output.line(`${removed} is removed`))
  return undefined
}

async function removeModel(context: Context, name: string): Promise<string> {
  const params = { model: name }
  const { versions } = await context.control.call('getModel', { params })
  await context.confirm(versions === 0 ? `Remove the model ${name}, which has no version?` : `Remove the model ${name} with all its versions?`)
  await context.control.call('deleteModel', { params })
  return name
}

async function removeVersion(context: Context, ref: string): Promise<string> {
  const { model, version } = await resolveRef(context.control, ref)
  await context.confirm(`Remove ${model}:${version}?`)
  await context.control.call('deleteVersion', { params: { model, version } })
  return `${model}:${version}`
}
