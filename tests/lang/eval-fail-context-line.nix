builtins.addErrorContext "while doing something of our own" ({ a }: a) { b = 1; }
