{ }: { value = "scoped"; }
