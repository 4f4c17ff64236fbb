/* A JavaScript interpreter: evaluates a script file, with print() and the arguments as `args`.
 *
 * In: SCRIPT [ARGS...].  Out: what the script prints; the exit status is the number it leaves as its value.
 */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>

static JSValue print(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self;
  for (int i = 0; i < argc; i++) {
    const char *s = JS_ToCString(ctx, argv[i]);
    if (!s) return JS_EXCEPTION;
    printf("%s%s", i ? " " : "", s);
    JS_FreeCString(ctx, s);
  }
  putchar('\n');
  return JS_UNDEFINED;
}

int main(int argc, char **argv) {
  if (argc < 2) return fputs("usage: quickjs SCRIPT [ARGS...]\n", stderr), 2;
  FILE *f = fopen(argv[1], "rb");
  if (!f) return perror(argv[1]), 1;
  static char text[1 << 16];
  size_t size = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  JSRuntime *rt = JS_NewRuntime();
  JS_SetMaxStackSize(rt, 0);
  JSContext *ctx = JS_NewContext(rt);
  JSValue global = JS_GetGlobalObject(ctx), args = JS_NewArray(ctx);
  for (int i = 2; i < argc; i++)
    JS_SetPropertyUint32(ctx, args, (uint32_t)(i - 2), JS_NewString(ctx, argv[i]));
  JS_SetPropertyStr(ctx, global, "args", args);
  JS_SetPropertyStr(ctx, global, "print", JS_NewCFunction(ctx, print, "print", 1));
  JSValue v = JS_Eval(ctx, text, size, argv[1], JS_EVAL_TYPE_GLOBAL);
  for (JSContext *job; JS_ExecutePendingJob(rt, &job) > 0;) {
  }
  int code = 1;
  if (JS_IsException(v)) {
    JSValue e = JS_GetException(ctx);
    const char *s = JS_ToCString(ctx, e);
    printf("exception: %s\n", s ? s : "?");
    JS_FreeCString(ctx, s);
    JS_FreeValue(ctx, e);
  } else {
    JS_ToInt32(ctx, &code, v);
  }
  JS_FreeValue(ctx, v);
  JS_FreeValue(ctx, global);
  JS_FreeContext(ctx);
  JS_FreeRuntime(rt);
  return code;
}
