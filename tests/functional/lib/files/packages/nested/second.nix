{ }: { value = "nested"; }
