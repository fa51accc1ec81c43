import type { DuckDBValue } from '@duckdb/node-api'
import { type Expression, expressionError, parseExpression } from '../../domain/pipeline/index.ts'
import type { LogColumn } from '../../domain/predictionlog/index.ts'
import { didYouMean } from '../../kernel/suggestion.ts'
import { identifier } from './database.ts'

/** A condition in SQL with its parameters, for `WHERE`. */
export interface Condition {
  sql: string
  parameters: DuckDBValue[]
}

type Kind = 'number' | 'text' | 'boolean' | 'time' | 'null'

interface Compiled {
  kind: Kind
  sql: string
}

/**
 * Compiles a user's expression to a condition over the log's columns. Only identifiers of known columns, numbers, and operators of
 * the grammar get into the SQL; texts are bound. Meanings are those of pipelines: NaN counts as missing, `probabilities.bad` is the
 * column `probabilities_bad`. Times are compared with text in RFC 3339. Throws `expression-invalid` with the place and, for an
 * unknown column, the nearest name.
 */
export function compileWhere(text: string, columns: readonly LogColumn[]): Condition {
  const compiler = new WhereCompiler(text, columns)
  const expression = parseExpression(text)
  const { kind, sql } = compiler.compile(expression)
  if (kind !== 'boolean') throw expressionError(text, expression.at, `a condition is either true or false, and this is a ${kind}`)
  return { sql, parameters: compiler.parameters }
}

/** Most operators of a condition: each may make the statement one level deeper, and the engine has an end. */
const MOST_OPERATORS = 200

/** Whole numbers of 64 bits are exact, as in pipelines. */
function number({ value, whole }: Expression & { kind: 'number' }): string {
  return whole !== undefined && whole < 2n ** 63n ? `CAST(${whole} AS BIGINT)` : `CAST('${value}' AS DOUBLE)`
}

class WhereCompiler {
  readonly parameters: DuckDBValue[] = []
  #operators = 0
  readonly #text: string
  readonly #columns: Map<string, LogColumn>

  constructor(text: string, columns: readonly LogColumn[]) {
    this.#text = text
    this.#columns = new Map(columns.map((c) => [c.name, c]))
  }

  compile(node: Expression): Compiled {
    const leaf = node.kind === 'number' || node.kind === 'text' || node.kind === 'name' || node.kind === 'boolean' || node.kind === 'null'
    if (!leaf && ++this.#operators > MOST_OPERATORS) {
      throw expressionError(this.#text, node.at, `a question to the log has at most ${MOST_OPERATORS} operators`)
    }
    switch (node.kind) {
      case 'number':
        return { kind: 'number', sql: number(node) }
      case 'text':
        this.parameters.push(node.value)
        return { kind: 'text', sql: 'CAST(? AS VARCHAR)' }
      case 'boolean':
        return { kind: 'boolean', sql: node.value ? 'TRUE' : 'FALSE' }
      case 'null':
        return { kind: 'null', sql: 'NULL' }
      case 'name':
        return this.#name(node)
      case 'negative':
        return { kind: 'number', sql: `(-${this.#as(node.operand, 'number', 'a number')})` }
      case 'not':
        return { kind: 'boolean', sql: `(NOT ${this.#as(node.operand, 'boolean', 'a condition')})` }
      case 'logical': {
        const [left, right] = [node.left, node.right].map((side) => this.#as(side, 'boolean', 'a condition'))
        return { kind: 'boolean', sql: `(${left} ${node.operator.toUpperCase()} ${right})` }
      }
      case 'arithmetic':
        return this.#arithmetic(node)
      case 'comparison': {
        const [left, right] = this.#pair(node.left, node.right)
        return { kind: 'boolean', sql: `(${left} ${node.operator === '!=' ? '<>' : node.operator} ${right})` }
      }
      case 'in': {
        if (node.items.length === 0) return { kind: 'boolean', sql: 'FALSE' }
        const parts = node.items.map((item) => this.#pair(node.operand, item).join(' = '))
        return { kind: 'boolean', sql: `(${node.negated ? 'NOT ' : ''}(${parts.join(' OR ')}))` }
      }
      case 'between': {
        const sql = `${this.#pair(node.operand, node.low).join(' >= ')} AND ${this.#pair(node.operand, node.high).join(' <= ')}`
        return { kind: 'boolean', sql: `(${node.negated ? 'NOT ' : ''}(${sql}))` }
      }
      case 'is-null':
        return { kind: 'boolean', sql: `(${this.compile(node.operand).sql} IS ${node.negated ? 'NOT ' : ''}NULL)` }
      case 'joined':
      case 'call':
      case 'case':
        throw expressionError(this.#text, node.at, 'a question to the log has no functions, no || and no case')
    }
  }

  #name(node: Expression & { kind: 'name' }): Compiled {
    const column = this.#columns.get(node.parts.join('.')) ?? this.#columns.get(node.parts.join('_'))
    if (!column) {
      const name = node.parts.join('.')
      throw expressionError(this.#text, node.at, `there is no column "${name}".${didYouMean(name, this.#columns.keys())}`)
    }
    if (column.list) throw expressionError(this.#text, node.at, `the column "${column.name}" has an array per row and cannot be used in an expression`)
    const sql = identifier(column.name)
    if (column.type === 'string') return { kind: 'text', sql }
    if (column.type === 'bool') return { kind: 'boolean', sql }
    if (column.type === 'timestamp') return { kind: 'time', sql }
    const float = column.type === 'float32' || column.type === 'float64'
    return { kind: 'number', sql: float ? `(CASE WHEN isnan(${sql}) THEN NULL ELSE ${sql} END)` : sql }
  }

  #arithmetic(node: Expression & { kind: 'arithmetic' }): Compiled {
    const [left, right] = [node.left, node.right].map((side) => `CAST(${this.#as(side, 'number', 'a number')} AS DOUBLE)`)
    const divides = node.operator === '/' || node.operator === '%'
    return { kind: 'number', sql: `(${left} ${node.operator} ${divides ? `nullif(${right}, 0)` : right})` }
  }

  #as(node: Expression, kind: Kind, what: string): string {
    const compiled = this.compile(node)
    if (compiled.kind !== kind && compiled.kind !== 'null') throw expressionError(this.#text, node.at, `${what} is needed here, and this is a ${compiled.kind}`)
    return compiled.sql
  }

  /** Two values of one kind; a text beside a time is read as a time. */
  #pair(leftNode: Expression, rightNode: Expression): [string, string] {
    const left = this.#timely(leftNode, rightNode)
    const right = this.#timely(rightNode, leftNode)
    if (left.kind !== right.kind && left.kind !== 'null' && right.kind !== 'null') {
      throw expressionError(this.#text, rightNode.at, `a ${left.kind} cannot be compared with a ${right.kind}`)
    }
    return [left.sql, right.sql]
  }

  #timely(node: Expression, beside: Expression): Compiled {
    const isTime = beside.kind === 'name' && this.#columns.get(beside.parts.join('.'))?.type === 'timestamp'
    if (!isTime || node.kind !== 'text') return this.compile(node)
    const millis = Date.parse(node.value)
    if (!Number.isFinite(millis)) throw expressionError(this.#text, node.at, `"${node.value}" is not a time; write it like 2026-01-31T12:00:00Z`)
    return { kind: 'time', sql: `epoch_ms(${millis})` }
  }
}
