#include "context.h"

#include <cstdint>

#if defined(__x86_64__)

// The registers that a function keeps for its caller, then the stack pointer.
extern "C" void SimtSwitch(void** from, void* to);
asm(R"(.text
.globl SimtSwitch
.type SimtSwitch,@function
SimtSwitch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp,(%rdi)
  movq %rsi,%rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size SimtSwitch,.-SimtSwitch
)");

namespace simt {

Context MakeContext(char* memory, size_t n, void (*entry)()) {
  auto* top = reinterpret_cast<uintptr_t*>(memory + n / 16 * 16);
  *--top = 0;  // the return address of `entry`, so that its frame is aligned
  *--top = reinterpret_cast<uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--top = 0;
  return {top};
}

void SwitchContext(Context* from, const Context& to) { SimtSwitch(&from->stack, to.stack); }

}  // namespace simt

#elif defined(__aarch64__)

extern "C" void SimtSwitch(void** from, void* to);
asm(R"(.text
.globl SimtSwitch
.type SimtSwitch,%function
SimtSwitch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size SimtSwitch,.-SimtSwitch
)");

namespace simt {

Context MakeContext(char* memory, size_t n, void (*entry)()) {
  auto* top = reinterpret_cast<uintptr_t*>(memory + n / 16 * 16) - 20;
  for (int i = 0; i < 20; ++i) top[i] = 0;
  top[11] = reinterpret_cast<uintptr_t>(entry);
  return {top};
}

void SwitchContext(Context* from, const Context& to) { SimtSwitch(&from->stack, to.stack); }

}  // namespace simt

#else
#error "test/simt runs on x86-64 and arm64"
#endif
