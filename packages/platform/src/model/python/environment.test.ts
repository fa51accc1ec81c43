import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fails, listing } from '../test-support.ts'
import { readEnvironment } from './environment.ts'

const VIRTUAL = 'python: 3.10\nbuild_dependencies:\n- pip==26.3\n- setuptools\ndependencies:\n- -r requirements.txt\n'
const CONDA = 'dependencies:\n- python=3.9.18\n- pip<=24\n- setuptools=69.5.1\n- libgomp\n- pip:\n  - mlflow==2.0.1\n  - pandas\nname: mlflow-env\n'

const read = (files: Record<string, string>, more: { version?: string; python?: string; folder?: string; named?: Record<string, string> } = {}) =>
  readEnvironment(listing(files), { folder: more.folder ?? '', named: more.named ?? {}, version: more.version, python: more.python })

describe('the environment of a Python model', () => {
  it('is that of python_env.yaml, with the lines of the files that it names; versions stay texts', async () => {
    const found = await read({
      'python_env.yaml': VIRTUAL,
      'requirements.txt': '-c constraints.txt\nmlflow==3.17.2 # pinned\n\n# a comment\nnumpy==2.4.6\nscikit-learn \\\n  ==1.9.1\n',
      'constraints.txt': 'pandas<4\n',
      'conda.yaml': CONDA,
    })
    assert.equal(found.python, '3.10')
    assert.deepEqual(found.build, ['pip==26.3', 'setuptools'])
    assert.deepEqual(found.requirements, ['mlflow==3.17.2', 'numpy==2.4.6', 'scikit-learn    ==1.9.1'])
    assert.deepEqual(found.constraints, ['pandas<4'])
  })

  it('is requirements.txt with the versions of conda.yaml, where there is no python_env.yaml', async () => {
    const found = await read({ 'conda.yaml': CONDA, 'requirements.txt': 'mlflow==2.0.1\n' })
    assert.equal(found.python, '3.9.18')
    assert.deepEqual(found.build, ['pip<=24', 'setuptools==69.5.1'])
    assert.deepEqual(found.requirements, ['mlflow==2.0.1'])
  })

  it('is conda.yaml alone, whose other packages are left out and told', async () => {
    const found = await read({ 'm/env.yaml': CONDA }, { folder: 'm', named: { conda: 'env.yaml' } })
    assert.deepEqual(found.requirements, ['mlflow==2.0.1', 'pandas'])
    assert.deepEqual(found.left, ['libgomp'])
  })

  it('has MLflow of the version that wrote the model, where that is left open', async () => {
    assert.deepEqual((await read({ 'requirements.txt': 'mlflow\npandas' }, { version: '1.30.1' })).requirements, ['mlflow==1.30.1', 'pandas'])
    assert.deepEqual((await read({ 'requirements.txt': 'pandas' }, { version: '3.17.2' })).requirements, ['mlflow==3.17.2', 'pandas'])
    assert.deepEqual((await read({ 'requirements.txt': 'mlflow-skinny[x]==3.1' }, { version: '3.17.2' })).requirements, ['mlflow-skinny[x]==3.1'])
    assert.deepEqual((await read({}, { version: '3.17.2', python: '3.11.7' })).python, '3.11.7')
  })

  it('has a digest that changes with what is installed, and with nothing else', async () => {
    const base = { 'python_env.yaml': VIRTUAL, 'requirements.txt': 'mlflow==3\ncode/own.whl\n', 'code/own.whl': 'a' }
    const digest = async (files: Record<string, string>) => (await read(files)).digest
    const first = await digest(base)
    assert.equal(await digest({ ...base, 'conda.yaml': 'x: y', 'requirements.txt': '# other words\nmlflow==3\ncode/own.whl' }), first)
    assert.equal(await digest({ ...base, 'python_env.yaml': VIRTUAL.replace('3.10', '3.10.13') }), first)
    for (const changed of [
      { 'python_env.yaml': VIRTUAL.replace('3.10', '3.11') },
      { 'requirements.txt': 'mlflow==4\ncode/own.whl' },
      { 'code/own.whl': 'b' },
      { 'python_env.yaml': VIRTUAL.replace('26.3', '26.2') },
    ])
      assert.notEqual(await digest({ ...base, ...changed }), first)
  })

  it('refuses files that are missing, leave the folder, go round in circles for ever, or are no YAML', async () => {
    await assert.rejects(read({ 'requirements.txt': '-r more.txt' }), fails('model-data-missing', /more\.txt/))
    await assert.rejects(read({ 'requirements.txt': '-r ../more.txt' }), fails('model-path-escapes', /\.\.\/more\.txt/))
    await assert.rejects(read({ 'requirements.txt': '--requirement=/etc/passwd' }), fails('model-path-escapes'))
    assert.deepEqual((await read({ 'requirements.txt': '-r requirements.txt\nmlflow==3' })).requirements, ['mlflow==3'])
    await assert.rejects(read({ 'python_env.yaml': 'python: [\n' }), fails('model-file-invalid', /python_env\.yaml is not valid YAML/))
    await assert.rejects(read({ 'conda.yaml': 'dependencies:\n- python>=3.8\n' }), fails('model-file-invalid', /must be pinned/))
    await assert.rejects(read({ 'requirements.txt': 'a==1\n'.repeat(6000) }), fails('model-file-invalid', /more than 5000 lines/))
  })
})
