# XML, written.
with builtins;
{
  scalars = toXML [ 1 1.5 true null "a<b>&\"c\"'\n" /path ];
  sets = toXML { b = 1; a = { c = [ ]; }; "odd name" = 2; };
  context = toXML "${"plain"}";
}
