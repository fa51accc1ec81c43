import { FairleadError, isInteger, type Signature } from '@fairlead/contract'
import type { ImportResult, ModelVersion } from '@fairlead/contract/control'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { ago, bytes, cell, shortDigest } from '../format.ts'
import { importModel, type ModelToImport } from '../import-model.ts'
import { allItems } from '../list-all.ts'
import { checkName, resolveRef } from '../model-ref.ts'
import { keyNumber, keyValue } from '../option-values.ts'
import type { Output } from '../output.ts'
import { Progress } from '../progress.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead models …`: the registry. */
export function registerModels({ program, run }: Registrar): void {
  const models = program.command('models').description('hand over, look at and name models')
  const importing = models
    .command('import <source>')
    .description('make a version of a model file, a folder, or an ONNX file on stdin (-)')
    .requiredOption('--name <name>', 'name of the model')
    .option('--new', 'refuse when there is a model of this name')
    .option('--signature <file>', 'names, units, ranges and class labels that the model file lacks')
    .option('--baseline <file>', 'data the model was trained on; its digest is kept in the lineage')
    .option('--golden <file>', 'rows with the answers they must get')
    .option('--alias <alias>', 'alias that shall point at this version')
    .option('--tag <key=value>', 'a tag; may be repeated', keyValue)
    .option('--metric <name=number>', 'a metric; may be repeated', keyNumber)
    .option('--description <text>', 'what this version is')
    .option('--allow-code', 'accept models that carry code of their own')
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead models import model.onnx --name credit-risk\n  fairlead models import ./mlflow-folder --name credit-risk --alias champion --metric auc=0.79',
    )
  run(importing, importOne)
  run(models.command('list').description('models, newest change first'), list)
  run(models.command('show <ref>').description('a version: signature, metrics, lineage, files'), show)
  run(models.command('alias <ref> <alias>').description('point an alias at a version'), alias)
  run(models.command('tag <ref> <key=value...>').description('set tags; KEY= removes one'), tag)
  run(models.command('verify <ref>').description('read every file again and compare digests'), verify)
  run(models.command('remove <ref>').description('remove a version (name:3), or with a bare name the whole model'), remove)
}

async function importOne(context: Context, [source = '']: string[], options: Record<string, unknown>): Promise<undefined> {
  if (options.allowCode) throw new FairleadError('not-supported', '--allow-code: models that carry code of their own are not supported yet.')
  if (/^(models:|runs:|https?:)/.test(source)) {
    throw new FairleadError('not-supported', `Importing from ${source.split(':')[0]}: addresses is not supported yet; fetch the files and import their folder.`)
  }
  const { name, tag: tags, metric: metrics, ...rest } = options as Record<string, never> & { name: string }
  const model: ModelToImport = { ...rest, name: checkName(name, 'model'), source, tags, metrics }
  const { control, output } = context
  const result = await importModel(model, { control, progress: new Progress(output), stdin: context.io.stdin })
  output.result(result, () => printImport(output, result))
  return undefined
}

function printImport(output: Output, { created, version }: ImportResult): void {
  const what = `${version.model}:${version.version}`
  output.line(`${output.paint('bold', what)}  ${created ? 'imported' : 'was there already, unchanged'}`)
  output.line(`  digest     ${shortDigest(version.digest)}`)
  output.line(`  inputs     ${version.signature.columns.map((column) => `${column.name} ${column.type}`).join(', ')}`)
  output.line(`  outputs    ${outputsLine(version.signature)}`)
  if (version.aliases.length > 0) output.line(`  aliases    ${version.aliases.join(', ')}`)
  for (const rewrite of version.facts.rewrites) output.note(`note: ${rewrite}`)
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
  output.result(version, () => printVersion(output, version))
  return undefined
}

function printVersion(output: Output, version: ModelVersion): void {
  output.line(output.paint('bold', `${version.model}:${version.version}`) + (version.description ? `  ${cell(version.description)}` : ''))
  const facts: [string, string][] = [
    ['digest', version.digest],
    ['format', `${version.format}, ${bytes(version.sizeBytes)} in ${version.files.length} ${version.files.length === 1 ? 'file' : 'files'}`],
    ['aliases', version.aliases.join(', ')],
    ['deployed', version.deployments.map((use) => `${use.name} (release ${use.release})`).join(', ')],
    ['metrics', pairs(version.metrics)],
    ['tags', pairs(version.tags)],
    ['source', version.lineage.source ?? ''],
    ['commit', version.lineage.codeCommit ?? ''],
    ['imported', `${ago(version.lineage.importedAt)} by ${version.lineage.importedBy}`],
    ['golden rows', version.goldenRowCount > 0 ? String(version.goldenRowCount) : ''],
  ]
  for (const [name, value] of facts) if (value !== '') output.line(`  ${name.padEnd(11)} ${cell(value)}`)
  output.line()
  output.table(['INPUT', 'TYPE', 'TAKES', 'MEANING'], version.signature.columns.map(inputRow))
  output.line()
  output.table(
    ['OUTPUT', 'TYPE', 'TENSOR', 'CLASSES'],
    version.signature.fields.map((field) => [field.name, field.type, field.tensor, field.classes?.join(', ') ?? '–']),
  )
}

function inputRow(column: Signature['columns'][number]): string[] {
  const { min, max } = column
  const range = min === undefined && max === undefined ? undefined : isInteger(column.type) || min !== max ? `${min ?? '…'} to ${max ?? '…'}` : String(min)
  const takes = [column.values?.join(', '), range, column.unit, column.optional ? 'optional' : undefined].filter((part) => part !== undefined)
  return [column.name, column.type, takes.join(', ') || '–', column.description ?? '–']
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
  const { control, output } = context
  const { model, version } = await resolveRef(control, ref)
  const whole = ref.replace(/^models:\//, '') === model
  await context.confirm(whole ? `Remove the model ${model} with all its versions?` : `Remove ${model}:${version}?`)
  if (whole) await control.call('deleteModel', { params: { model } })
  else await control.call('deleteVersion', { params: { model, version } })
  const removed = whole ? model : `${model}:${version}`
  output.result({ removed }, () => output.line(`${removed} is removed`))
  return undefined
}
