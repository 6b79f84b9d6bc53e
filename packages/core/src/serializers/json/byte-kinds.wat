;; Looks at sixteen bytes in one step. byte-kinds.ts holds this module compiled; its test compares the two.
(module
  (memory (export "memory") 1)

  ;; What kinds of bytes are among the first $length, a multiple of sixteen: 1 for one below 0x20, 2 for one beyond 0x7f.
  (func (export "kinds") (param $length i32) (result i32)
    (local $at i32)
    (local $bytes v128)
    (local $below v128)
    (local $all v128)
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $length))
        (then
          (local.set $bytes (v128.load (local.get $at)))
          (local.set $all (v128.or (local.get $all) (local.get $bytes)))
          (local.set $below
            (v128.or
              (local.get $below)
              (i8x16.lt_u
                (local.get $bytes)
                (v128.const i8x16 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32 32))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next))))
    (i32.or
      (v128.any_true (local.get $below))
      (i32.shl
        (i32.ne (i8x16.bitmask (local.get $all)) (i32.const 0))
        (i32.const 1)))))
