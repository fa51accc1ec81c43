import { compile, readLightGBM, readOnnx, readXGBoost } from '@fairlead/evaluator'

const at = (id) => document.getElementById(id)
const FEW = 100
/** Rows a second of the model that is shown. */
let measure

/** XGBoost's files begin with a brace, as JSON and as UBJSON; LightGBM's with the word tree; all else is taken for ONNX. */
function read(bytes) {
  if (bytes[0] === 0x7b) return readXGBoost(bytes)
  return new TextDecoder().decode(bytes.subarray(0, 4)) === 'tree' ? readLightGBM(bytes) : readOnnx(bytes)
}

/** The predictor of a model with one input of numbers; says why not for others. */
function predictorOf(form) {
  const [input] = form.inputs
  if (form.inputs.length !== 1 || (input.type !== 'f32' && input.type !== 'f64')) throw new Error('This page takes models with one table of numbers.')
  return compile(form)
}

function show(form, predictor) {
  const [input] = form.inputs
  const row = new Float64Array(input.width)
  const names = Array.from(row, (_, column) => input.columns?.[column]?.name ?? `column ${column}`)
  const fields = names.slice(0, FEW).map((name, column) => {
    const label = document.createElement('label')
    const field = Object.assign(document.createElement('input'), { type: 'number', step: 'any', value: '0', name })
    field.addEventListener('input', () => {
      row[column] = field.value === '' ? Number.NaN : Number(field.value)
      predict()
    })
    label.append(name, field)
    return label
  })
  const predict = () => {
    const answers = predictor.run({ [input.name]: row }, 1)
    at('answer').value = Object.entries(answers)
      .map(([name, values]) => `${name}: ${Array.from(values, (value) => (typeof value === 'number' ? Number(value.toPrecision(7)) : value)).join(', ')}`)
      .join('\n')
  }
  const trees = form.steps.reduce((sum, step) => sum + (step.op === 'trees' ? step.trees.roots.length : 0), 0)
  at('about').textContent = `${form.source.format} ${form.source.objective}: ${trees} trees, ${input.width} columns`
  at('row').replaceChildren(...fields)
  at('speed').value = ''
  measure = () => rate(predictor, input.width)
  predict()
}

/** Rows a second, of the fastest of five times 100,000 random rows. */
function rate(predictor, width) {
  const rows = Float32Array.from({ length: 100_000 * width }, () => Math.random() * 4 - 2)
  const out = predictor.predict(rows)
  const times = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now()
    predictor.predict(rows, out)
    return performance.now() - start
  })
  return 1e8 / Math.min(...times)
}

at('model').addEventListener('change', async ({ target }) => {
  const [file] = target.files
  if (!file) return
  try {
    const form = read(new Uint8Array(await file.arrayBuffer()))
    show(form, predictorOf(form))
    at('loaded').hidden = false
    at('problem').hidden = true
  } catch (error) {
    at('loaded').hidden = true
    at('problem').textContent = error.message
    at('problem').hidden = false
  }
})

at('measure').addEventListener('click', () => {
  at('speed').value = `${Math.round(measure()).toLocaleString('en')} rows a second`
})
