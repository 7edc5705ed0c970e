{
  services.apache.documentRoot = "/webroot";
}
