import { registryRig } from './registry-rig.ts'

// imports version after version until it is killed; for tests of what a crash leaves
const rig = await registryRig(process.argv[2] ?? '')
for (let i = 0; ; i++) {
  const weights = `${process.pid} ${i} `.repeat(20_000)
  const upload = await rig.upload({ 'model.onnx': `graph ${process.pid} ${i}`, 'data/weights.bin': weights })
  const { version } = await rig.registry.importVersion('m', { upload, alias: 'champion', signature: `s ${i}` }, 'ann')
  process.stdout.write(`${version.version}\n`)
  if (i % 3 === 2) await rig.registry.deleteVersion('m', version.version)
}
