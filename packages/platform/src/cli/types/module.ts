import { OIP_TYPES, type Signature, type TensorSpec } from '@fairlead/contract'
import type { Release } from '@fairlead/contract/control'
import { commentText, docComment, literal, propertyName, typeName } from './source-text.ts'
import { type Property, predictionProperties, rowProperties } from './value-types.ts'

/** What a deployment's types are made from. */
export interface TypedDeployment {
  release: Release
  signature: Signature
}

function block(head: string, properties: readonly Property[], more: readonly string[] = []): string[] {
  const lines = properties.flatMap(({ name, type, optional, doc }) => [...docComment(doc, '  '), `  ${propertyName(name)}${optional ? '?' : ''}: ${type}`])
  return [`${head} {`, ...lines, ...more, '}', '']
}

function tensorTypes(name: string, tensors: readonly Pick<TensorSpec, 'name' | 'type'>[]): string {
  const members = tensors.map((tensor) => `${propertyName(tensor.name)}: ${literal(OIP_TYPES[tensor.type])}`)
  return `    ${name}: { ${members.join('; ')} }`
}

/** The tensors that the Open Inference Protocol takes and gives: the model's own when the pipeline is the model alone, else one a column. */
function tensorsOf({ signature }: TypedDeployment): string[] {
  return [tensorTypes('inputs', signature.inputs), tensorTypes('outputs', signature.outputs)]
}

/** Names of types that no two deployments share. */
function namesOf(deployments: readonly TypedDeployment[]): string[] {
  const taken = new Set<string>()
  return deployments.map(({ release }) => {
    const wanted = typeName(release.deployment)
    let name = wanted
    for (let count = 2; taken.has(name); count++) name = `${wanted}${count}`
    taken.add(name)
    return name
  })
}

function headerOf(deployments: readonly TypedDeployment[]): string[] {
  const names = deployments.map(({ release }) => release.deployment)
  return [
    `// Made by: fairlead types ${names.map(commentText).join(' ')}`,
    ...deployments.map(({ release }) => `// ${commentText(release.deployment)}: release ${release.number}, ${commentText(release.digest)}`),
    '',
  ]
}

function typesOf(deployment: TypedDeployment, name: string): string[] {
  const { release, signature } = deployment
  const extra = release.settings.extraColumns === 'ignore' ? ['  /** Other columns are ignored. */', '  [column: string]: unknown'] : []
  return [
    ...docComment([`A row for ${release.deployment}.`], ''),
    ...block(`export interface ${name}Row`, rowProperties(signature, release.settings), extra),
    ...docComment([`What ${release.deployment} answers to a row.`], ''),
    ...block(`export interface ${name}Prediction`, predictionProperties(signature)),
  ]
}

/**
 * A TypeScript module with the types of deployments, for `createClient<Deployments>()`. The same deployments make the same
 * text; nothing in names, descriptions or values can end a comment or a literal.
 */
export function typesModule(deployments: readonly TypedDeployment[]): string {
  const names = namesOf(deployments)
  const types = deployments.flatMap((deployment, at) => typesOf(deployment, names[at]!))
  const members = deployments.flatMap((deployment, at) => [
    `  ${propertyName(deployment.release.deployment)}: {`,
    `    row: ${names[at]}Row`,
    `    prediction: ${names[at]}Prediction`,
    ...tensorsOf(deployment),
    '  }',
  ])
  const nonFinite = types.some((line) => line.includes('NonFinite'))
    ? ['/** How numbers come that JSON has no form for; Number(…) makes numbers of them. */', "export type NonFinite = 'NaN' | 'Infinity' | '-Infinity'", '']
    : []
  const all = [...headerOf(deployments), ...nonFinite, ...types, ...docComment(['For createClient<Deployments>() of @fairlead/client.'], '')]
  return `${[...all, 'export interface Deployments {', ...members, '}'].join('\n')}\n`
}

/** What of a module decides whether it is out of date: not the releases in its header, and not how an editor lays code out. */
export function essence(module: string): string {
  return module
    .replace(/^(\/\/.*\r?\n)+/, '')
    .replace(/[\s;,|]/g, '')
    .replaceAll('"', "'")
}
