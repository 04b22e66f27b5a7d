{
  'variables': {'has_cuda%': '<!(node native/cuda/nvcc.mjs has)'},
  'targets': [{
    'target_name': 'sparsetune',
    'sources': ["<!@(node -p \"require('node:fs').readdirSync('native',{recursive:true}).filter(f=>f.endsWith('.cpp')).map(f=>'native/'+f.replaceAll('\\\\\\\\','/')).sort().join(' ')\")"],
    'include_dirs': ['native', '.deps/llama/include', "<!(node -p \"require('node-addon-api').include_dir\")"],
    'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_CPP_EXCEPTIONS'],
    'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++17', '-O3', '-fexceptions', '-fvisibility=hidden', '-Wall', '-Wextra', '-Wno-missing-field-initializers'],
    'conditions': [
      ['OS=="linux"', {'libraries': ['-ldl'], 'ldflags': ['-Wl,--version-script=<(module_root_dir)/native/binding/exports.map']}],
      ['has_cuda==1', {
        'sources': ['<!@(node native/cuda/nvcc.mjs sources)'],
        'defines': ['SPARSETUNE_HAS_CUDA'],
        'libraries': ['<!@(node native/cuda/nvcc.mjs lib)'],
        'conditions': [['OS=="linux"', {'libraries': ['-lrt', '-lpthread']}]],
        'rules': [{
          'rule_name': 'nvcc',
          'extension': 'cu',
          'message': 'nvcc <(RULE_INPUT_PATH)',
          'process_outputs_as_sources': 1,
          'conditions': [
            ['OS=="win"', {'variables': {'object': '<(INTERMEDIATE_DIR)/<(RULE_INPUT_ROOT).obj'}},
             {'variables': {'object': '<(INTERMEDIATE_DIR)/<(RULE_INPUT_ROOT).cu.o'}}],
          ],
          'outputs': ['<(object)'],
          'action': ['<!@(node native/cuda/nvcc.mjs nvcc)', '<!@(node native/cuda/nvcc.mjs flags)', '-c', '<(RULE_INPUT_PATH)', '-o', '<(object)'],
        }],
      }],
    ],
    'xcode_settings': {'CLANG_CXX_LANGUAGE_STANDARD': 'c++17', 'GCC_ENABLE_CPP_EXCEPTIONS': 'YES'},
    'msvs_settings': {'VCCLCompilerTool': {'ExceptionHandling': 1, 'AdditionalOptions': ['/std:c++17']}},
  }],
}
