with { helo = 1; hallo = 2; };
hello
