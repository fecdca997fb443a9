// What actions/upload-artifact finds for a path: the directory that its files' names start from, and the files.
import {stat} from 'node:fs/promises'
import {create} from '@actions/glob'

process.stdout.write = (write => text => String(text).startsWith('::debug::') || write(text))(process.stdout.write.bind(process.stdout))
const found = await create(process.argv[2], {implicitDescendants: true, omitBrokenSymbolicLinks: true, excludeHiddenFiles: false})
const paths = await found.glob()
const files = []
for (const path of paths) if ((await stat(path)).isFile()) files.push(path)
console.log(JSON.stringify({roots: found.getSearchPaths(), files}))
