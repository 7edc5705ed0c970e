{
  users.alice = {
    home = "/home/alice";
    shel = "/bin/zsh";
  };
}
