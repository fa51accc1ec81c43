// @ts-check
const form = /** @type {HTMLFormElement} */ (document.querySelector('form'))
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'))
const result = /** @type {HTMLElement} */ (document.querySelector('#result'))

/** What goes to the platform: numbers as numbers. */
function application() {
  return Object.fromEntries(
    [...form.elements]
      .filter((one) => 'name' in one && one.name !== '')
      .map((one) => {
        const { name, value, type } = /** @type {HTMLInputElement} */ (one)
        const number = type === 'number' || one.hasAttribute('data-number')
        return [name, value === '' ? null : number ? Number(value) : value]
      }),
  )
}

/** @param {string} kind @param {string} title @param {string} text */
function show(kind, title, text) {
  result.className = kind
  const heading = document.createElement('h2')
  heading.textContent = title
  const words = document.createElement('p')
  words.textContent = text
  result.replaceChildren(heading, words)
}

/** Puts what is wrong beside the fields, and the cursor into the first. @param {{ field: string, detail: string }[]} wrong */
function point(wrong) {
  for (const one of form.querySelectorAll('.error')) one.remove()
  for (const one of form.querySelectorAll('[aria-invalid]')) one.removeAttribute('aria-invalid')
  for (const { field, detail } of wrong.toReversed()) {
    const input = /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(field)}"]`))
    if (!input) continue
    const note = document.createElement('span')
    note.className = 'error'
    note.id = `${field}-error`
    note.textContent = detail
    input.setAttribute('aria-invalid', 'true')
    input.setAttribute('aria-describedby', note.id)
    input.after(note)
    input.focus()
  }
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(0)} %`

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  button.disabled = true
  try {
    const response = await fetch('/api/decision', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(application()) })
    const answer = await response.json()
    point(answer.fields ?? [])
    if (response.ok) {
      const accepted = answer.decision === 'accept'
      const title = accepted ? '✓ Accepted' : '◷ A person will look at it'
      show(accepted ? 'good' : 'wait', title, `The chance that this credit is paid back is estimated at ${percent(answer.good)}. Reference ${answer.id}`)
    } else if (answer.fields) show('bad', '⚠ Something does not fit', 'Please look at the marked fields.')
    else show('bad', '⚠ No decision', answer.problem)
  } catch {
    show('bad', '⚠ No decision', 'The connection is gone. Please try again.')
  } finally {
    button.disabled = false
  }
})
