{ number }: { value = number; }
