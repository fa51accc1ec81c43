import { errorOf, type HttpAnswer, type HttpRequest } from './http.ts'
import { readInference } from './inference.ts'
import { isObject, kindOf, parseJson, shown } from './json.ts'
import { differenceOf } from './tensors.ts'
import type { Case, Expectation, KnownDeviation } from './types.ts'
import { must } from './unmet.ts'

/** A case asked over HTTP. */
export type HttpCase = Case<HttpRequest, HttpAnswer>
/** A statement about an HTTP answer. */
export type HttpExpectation = Expectation<HttpRequest, HttpAnswer>

/** The same statement, as a recommendation: not holding is a deviation. */
export function soft(expectation: HttpExpectation): HttpExpectation {
  return { ...expectation, soft: true }
}

/** The status is one of these. */
export function status(...allowed: number[]): HttpExpectation {
  return {
    statement: `the status is ${allowed.join(' or ')}`,
    check: (answer) => must(allowed.includes(answer.status), `it is ${answer.status}`),
  }
}

/** An error, told by its status. */
export const errorStatus: HttpExpectation = {
  statement: 'the status is an error (400 to 599)',
  check: ({ status: code }) => must(code >= 400 && code <= 599, `it is ${code}`),
}

/** A caller's mistake is no fault of the server. */
export const callersMistake: HttpExpectation = {
  statement: 'the status says that the caller is wrong (400 to 499)',
  soft: true,
  check: ({ status: code }) => must(code >= 400 && code <= 499, `it is ${code}`),
}

/** Either an answer or a refusal, but no fault of the server. */
export const noFault: HttpExpectation = {
  statement: 'the server answers or refuses, and has no fault of its own (status below 500)',
  soft: true,
  check: ({ status: code }) => must(code < 500, `the status is ${code}`),
}

/** The body of every error. */
export const errorObject: HttpExpectation = {
  statement: 'the body is a JSON object with "error": text',
  check: (answer) => {
    const value = parseJson(answer.body)
    must(isObject(value), `the body is ${kindOf(value)}`)
    must(typeof value.error === 'string', `"error" is ${kindOf(value.error)} in ${shown(value)}`)
    must(value.error !== '', 'the text is empty')
  },
}

/** The media type of JSON answers. */
export const jsonType: HttpExpectation = {
  statement: 'Content-Type is application/json',
  check: ({ headers }) => must(/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''), `it is ${kindOf(headers['content-type'])}`),
}

/** What is expected of every refusal of a wrong request: what the text demands, and that it is told as the caller's mistake. */
export const REFUSED: HttpExpectation[] = [errorStatus, errorObject, callersMistake]

/** An inference response of the right form for the model: names, datatypes, shapes, counts. */
export const inferenceForm: HttpExpectation = {
  statement: 'the body is an inference response for the model, its outputs as declared, each with as many values as its shape says',
  check: (answer, { subject }) => {
    const { modelName, outputs } = readInference(answer)
    must(modelName === subject.model, `"model_name" is "${modelName}"`)
    for (const { name, datatype, shape } of outputs) {
      const declared = subject.outputs.find((spec) => spec.name === name)
      if (subject.outputs.length === 0) continue
      must(declared, `the output "${name}" is not one of ${subject.outputs.map((spec) => spec.name).join(', ')}`)
      must(declared.datatype === datatype, `the output "${name}" is ${datatype}, and the metadata say ${declared.datatype}`)
      const fits = declared.shape.length === shape.length && declared.shape.every((size, i) => size < 0 || size === shape[i])
      must(fits, `the output "${name}" has the shape [${shape}], and the metadata say [${declared.shape}]`)
    }
  },
}

/** All outputs of the model are there. */
export const allOutputs: HttpExpectation = {
  statement: 'every declared output is there',
  check: (answer, { subject }) => {
    const names = readInference(answer).outputs.map(({ name }) => name)
    for (const { name } of subject.outputs) must(names.includes(name), `"${name}" is missing`)
  },
}

/** The outputs are those of the plainest request, where the model answers the same request the same way. */
export const sameOutputs: HttpExpectation = {
  statement: 'the outputs are those of the plainest request with the same values',
  check: (answer, { subject }) => {
    const { outputs } = readInference(answer)
    if (!subject.reference || !subject.deterministic) return
    const difference = differenceOf(outputs, subject.reference)
    must(difference === undefined, difference ?? '')
  },
}

/** A good answer to the values of the sample. */
export const ANSWERED: HttpExpectation[] = [status(200), jsonType, inferenceForm, allOutputs, sameOutputs]

/** A known way to differ: the first answer has this status. */
export function answers(code: number, who: string): KnownDeviation<HttpAnswer> {
  return { text: `${who} answers ${code}`, when: ([first]) => first?.status === code }
}

/** A known way to differ: the first answer is an error of another form. */
export function answersForm(form: string, who: string): KnownDeviation<HttpAnswer> {
  return { text: `${who} answers ${form}`, when: ([first]) => first !== undefined && first.status >= 400 && errorOf(first) === undefined }
}
