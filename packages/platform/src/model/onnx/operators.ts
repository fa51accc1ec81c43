import { FairleadError } from '@fairlead/contract'
import { everyNode, type OnnxModel, STANDARD_DOMAIN } from './model.ts'
import { NEWEST_IR_VERSION, NEWEST_OPSETS, OPERATOR_TABLE } from './operator-table.ts'

/** An operator that the runtime lacks in the opset the model asks for. */
export interface UnsupportedOperator {
  domain: string
  operator: string
  count: number
  /** The opset the model reads the domain under; undefined where it declares none. */
  opset: number | undefined
}

type Ranges = [from: number, to: number][]

function parseTable(text: string): Map<string, Ranges> {
  const entries = text.trim().split(/\s+/)
  return new Map(
    entries.map((entry) => {
      const [name = '', list = ''] = entry.split(':')
      const ranges = list.split(',').map((range): [number, number] => {
        const [from = '', to = ''] = range.split('-')
        return [Number(from), to === '' ? Number.POSITIVE_INFINITY : Number(to)]
      })
      return [name, ranges]
    }),
  )
}

const OPERATORS = new Map(Object.entries(OPERATOR_TABLE).map(([domain, text]) => [domain, parseTable(text)]))

/** Whether ONNX Runtime's CPU provider runs the operator in this opset of its domain. */
export function isSupported(domain: string, operator: string, opset: number): boolean {
  const ranges = OPERATORS.get(domain)?.get(operator) ?? []
  return ranges.some(([from, to]) => from <= opset && opset <= to)
}

/** An operator's name for people: `Name` in the standard domain, else `domain::Name`. */
export function operatorName(domain: string, operator: string): string {
  return domain === STANDARD_DOMAIN ? operator : `${domain}::${operator}`
}

/** Operators of the model that the runtime lacks, subgraphs and functions included. */
export function unsupportedOperators(model: OnnxModel): UnsupportedOperator[] {
  const local = new Set(model.functions.map((body) => operatorName(body.domain, body.name)))
  const found = new Map<string, UnsupportedOperator>()
  for (const { node, opsets } of everyNode(model)) {
    const name = operatorName(node.domain, node.operator)
    const opset = opsets.get(node.domain)
    if (local.has(name) || (opset !== undefined && isSupported(node.domain, node.operator, opset))) continue
    const entry = found.get(name)
    if (entry) entry.count += 1
    else found.set(name, { domain: node.domain, operator: node.operator, count: 1, opset })
  }
  return [...found.values()]
}

/**
 * Checks that the runtime has every opset and operator of the model.
 * Throws FairleadError `model-opset-unsupported` or `model-operator-unsupported` naming operator, domain and count.
 */
export function requireOperators(model: OnnxModel): void {
  if (model.irVersion > NEWEST_IR_VERSION)
    throw new FairleadError('model-opset-unsupported', `the file has format version (IR) ${model.irVersion}; the runtime reads 1 to ${NEWEST_IR_VERSION}`)
  for (const [domain, version] of model.opsets) {
    const newest = NEWEST_OPSETS[domain]
    if (newest !== undefined && (version < 1 || version > newest))
      throw new FairleadError('model-opset-unsupported', `the model uses opset ${version} of ${domain}; the runtime has 1 to ${newest}`)
  }
  const unsupported = unsupportedOperators(model)
  if (unsupported.length === 0) return
  const items = unsupported.map((entry) => ({
    path: `operators.${operatorName(entry.domain, entry.operator)}`,
    code: 'model-operator-unsupported' as const,
    detail: describe(entry),
  }))
  throw new FairleadError('model-operator-unsupported', `the runtime lacks ${items.map((item) => item.detail).join('; ')}`, { items })
}

function describe({ domain, operator, count, opset }: UnsupportedOperator): string {
  const times = count === 1 ? 'once' : `${count} times`
  if (opset === undefined) return `${operator} of domain ${domain} (used ${times}; the file declares no opset of that domain)`
  const known = OPERATORS.get(domain)?.has(operator) ?? false
  return `${operator} of domain ${domain}${known ? ` in opset ${opset}` : ''} (used ${times})`
}
