/**
 * The machine code of a Node-API module with one function, `call(frame: ArrayBuffer)`: it makes the system call that
 * the frame describes. A frame is an array of 64-bit words:
 *
 *     0     number of the call                      7   result: a value, or minus the error number
 *     1..6  arguments                               8   address of the frame itself
 *
 * Pointers are addresses inside the frame (word 8 tells where it is), so the code needs no notion of them. In C:
 *
 *     napi_value callback(napi_env env, napi_callback_info info) {
 *       size_t argc = 1; napi_value argument; int64_t *frame; size_t length;
 *       napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
 *       if (napi_get_arraybuffer_info(env, argument, (void **)&frame, &length)) return NULL;
 *       frame[7] = syscall(frame[0], frame[1], …, frame[6]);
 *       frame[8] = (int64_t)frame;
 *       return NULL;
 *     }
 *     napi_value napi_register_module_v1(napi_env env, napi_value exports) {
 *       napi_value function;
 *       napi_create_function(env, NULL, 0, callback, NULL, &function);
 *       return function;
 *     }
 */
import type { Machine } from './shared-object.ts';

export const EXPORT_NAME = 'napi_register_module_v1';
/** In the order of the import table that the code uses. */
export const IMPORTS = ['napi_create_function', 'napi_get_cb_info', 'napi_get_arraybuffer_info'] as const;

const CREATE_FUNCTION = 0;
const GET_CB_INFO = 1;
const GET_ARRAYBUFFER_INFO = 2;

/** The code for `machine`; the import table lies `table` bytes after its start. */
export function syscallCode(machine: Machine, table: number): Uint8Array {
  return new Uint8Array(machine === 'x86_64' ? x86(table) : arm(table));
}

function int32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

function x86(table: number): number[] {
  const code: number[] = [];
  const put = (...bytes: number[]) => code.push(...bytes);
  // call [rip + distance to the import]
  const call = (index: number) => put(0xff, 0x15, ...int32(table + 8 * index - (code.length + 6)));

  put(0x53); // push rbx              aligns the stack
  put(0x48, 0x83, 0xec, 0x10); // sub rsp, 16
  put(0x31, 0xf6); // xor esi, esi         no name
  put(0x31, 0xd2); // xor edx, edx
  put(0x48, 0x8d, 0x0d); // lea rcx, [rip + callback]
  const toCallback = code.length;
  put(0, 0, 0, 0);
  put(0x45, 0x31, 0xc0); // xor r8d, r8d
  put(0x49, 0x89, 0xe1); // mov r9, rsp          &function
  call(CREATE_FUNCTION);
  put(0x48, 0x8b, 0x04, 0x24); // mov rax, [rsp]
  put(0x48, 0x83, 0xc4, 0x10); // add rsp, 16
  put(0x5b); // pop rbx
  put(0xc3); // ret

  const callback = code.length;
  code.splice(toCallback, 4, ...int32(callback - (toCallback + 4)));
  put(0x53); // push rbx
  put(0x48, 0x83, 0xec, 0x20); // sub rsp, 32          argc, argument, frame, length
  put(0x48, 0x89, 0xfb); // mov rbx, rdi         env
  put(0x48, 0xc7, 0x04, 0x24, 1, 0, 0, 0); // mov qword [rsp], 1
  put(0x48, 0x89, 0xe2); // mov rdx, rsp
  put(0x48, 0x8d, 0x4c, 0x24, 0x08); // lea rcx, [rsp+8]
  put(0x45, 0x31, 0xc0); // xor r8d, r8d
  put(0x45, 0x31, 0xc9); // xor r9d, r9d
  call(GET_CB_INFO);
  put(0x48, 0x89, 0xdf); // mov rdi, rbx
  put(0x48, 0x8b, 0x74, 0x24, 0x08); // mov rsi, [rsp+8]
  put(0x48, 0x8d, 0x54, 0x24, 0x10); // lea rdx, [rsp+16]
  put(0x48, 0x8d, 0x4c, 0x24, 0x18); // lea rcx, [rsp+24]
  call(GET_ARRAYBUFFER_INFO);
  put(0x85, 0xc0); // test eax, eax
  put(0x75, 42); // jne out
  const afterJump = code.length;
  put(0x48, 0x8b, 0x5c, 0x24, 0x10); // mov rbx, [rsp+16]
  put(0x48, 0x8b, 0x03); // mov rax, [rbx]
  put(0x48, 0x8b, 0x7b, 0x08); // mov rdi, [rbx+8]
  put(0x48, 0x8b, 0x73, 0x10); // mov rsi, [rbx+16]
  put(0x48, 0x8b, 0x53, 0x18); // mov rdx, [rbx+24]
  put(0x4c, 0x8b, 0x53, 0x20); // mov r10, [rbx+32]
  put(0x4c, 0x8b, 0x43, 0x28); // mov r8, [rbx+40]
  put(0x4c, 0x8b, 0x4b, 0x30); // mov r9, [rbx+48]
  put(0x0f, 0x05); // syscall
  put(0x48, 0x89, 0x43, 0x38); // mov [rbx+56], rax
  put(0x48, 0x89, 0x5b, 0x40); // mov [rbx+64], rbx
  code[afterJump - 1] = code.length - afterJump;
  put(0x31, 0xc0); // out: xor eax, eax
  put(0x48, 0x83, 0xc4, 0x20); // add rsp, 32
  put(0x5b); // pop rbx
  put(0xc3); // ret
  return code;
}

function arm(table: number): number[] {
  const words: number[] = [];
  const put = (...values: number[]) => words.push(...values);
  const call = (index: number) => {
    // ldr x16, [pc + distance to the import]; blr x16
    const distance = (table + 8 * index - 4 * words.length) / 4;
    put(0x58000010 | ((distance & 0x7ffff) << 5), 0xd63f0200);
  };

  put(0xa9be7bfd); // stp x29, x30, [sp, -32]!
  put(0x910003fd); // mov x29, sp
  put(0xd2800001); // mov x1, 0
  put(0xd2800002); // mov x2, 0
  const toCallback = words.length;
  put(0); // adr x3, callback
  put(0xd2800004); // mov x4, 0
  put(0x910043e5); // add x5, sp, 16
  call(CREATE_FUNCTION);
  put(0xf9400be0); // ldr x0, [sp, 16]
  put(0xa8c27bfd); // ldp x29, x30, [sp], 32
  put(0xd65f03c0); // ret

  const distance = 4 * (words.length - toCallback);
  words[toCallback] = 0x10000003 | ((distance & 3) << 29) | ((distance >> 2) << 5);
  put(0xa9bc7bfd); // stp x29, x30, [sp, -64]!
  put(0x910003fd); // mov x29, sp
  put(0xf9000bf3); // str x19, [sp, 16]
  put(0xaa0003f3); // mov x19, x0
  put(0xd2800022); // mov x2, 1
  put(0xf9000fe2); // str x2, [sp, 24]
  put(0x910063e2); // add x2, sp, 24
  put(0x910083e3); // add x3, sp, 32
  put(0xd2800004); // mov x4, 0
  put(0xd2800005); // mov x5, 0
  call(GET_CB_INFO);
  put(0xaa1303e0); // mov x0, x19
  put(0xf94013e1); // ldr x1, [sp, 32]
  put(0x9100a3e2); // add x2, sp, 40
  put(0x9100c3e3); // add x3, sp, 48
  call(GET_ARRAYBUFFER_INFO);
  const branch = words.length;
  put(0); // cbnz w0, out
  put(0xf94017f3); // ldr x19, [sp, 40]
  put(0xf9400268); // ldr x8, [x19]
  put(0xa9408660); // ldp x0, x1, [x19, 8]
  put(0xa9418e62); // ldp x2, x3, [x19, 24]
  put(0xa9429664); // ldp x4, x5, [x19, 40]
  put(0xd4000001); // svc 0
  put(0xf9001e60); // str x0, [x19, 56]
  put(0xf9002273); // str x19, [x19, 64]
  words[branch] = 0x35000000 | ((words.length - branch) << 5);
  put(0xd2800000); // out: mov x0, 0
  put(0xf9400bf3); // ldr x19, [sp, 16]
  put(0xa8c47bfd); // ldp x29, x30, [sp], 64
  put(0xd65f03c0); // ret
  return words.flatMap(int32);
}
